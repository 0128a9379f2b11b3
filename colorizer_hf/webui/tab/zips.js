// Many files as one: a ZIP, stored and not packed, because pictures are packed already.

import { makeZip } from "../zip/index.js";

/** @param {File[]} files Their names and dates are kept.
 * @returns {Promise<Blob>} */
export async function zipped(files) {
  const pieces = [];
  const keep = (piece) => void pieces.push(new Blob([piece])); // browsers put many of them on the disk
  await makeZip(files).pipeTo(new WritableStream({ write: keep }));
  return new Blob(pieces, { type: "application/zip" });
}
