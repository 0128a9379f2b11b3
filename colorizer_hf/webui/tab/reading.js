// Photos as this browser decodes them: upright, in sRGB, 8 bits a channel.

import { startsWith } from "./bytes.js";
import { ColorizerError } from "./errors.js";
import { wordsOf } from "./words.js";

const MOST_PIXELS = 64e6; // the browser holds several copies
const BAND = 1e6; // pixels that are taken from the canvas at a time
const ELSEWHERE = "the package colorizer_hf";

/** @param {Blob} file
 * @param {string} name As messages call it.
 * @returns {Promise<import("./session.js").Pixels>}
 * @throws {ColorizerError} It cannot be read here, or not without a loss.
 */
export async function read(file, name) {
  refuse(new Uint8Array(await file.arrayBuffer()), name);
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" }).catch(() => {
    throw new ColorizerError(`${name}: this browser cannot read it; copy it again if it is damaged, or use ${ELSEWHERE}, which reads more formats`);
  });
  try {
    checkSize(bitmap.width, bitmap.height, name);
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** What the browser would read, but not as it should be. */
function refuse(bytes, name) {
  if (!bytes.length) throw new ColorizerError(`${name}: it is empty; copy or download it again`);
  if (startsWith(bytes, "II") || startsWith(bytes, "MM")) {
    throw new ColorizerError(`${name}: TIFF and raw files are not read here; use ${ELSEWHERE} for them`);
  }
  const { size, bits } = wordsOf(bytes);
  if (bits > 8) throw new ColorizerError(`${name}: it has ${bits} bits for each colour, of which a browser keeps 8; use ${ELSEWHERE}, which keeps them all`);
  if (size) checkSize(...size, name);
}

function checkSize(width, height, name) {
  if (width * height <= MOST_PIXELS) return;
  throw new ColorizerError(`${name}: it has ${width} x ${height} pixels, and this page takes ${MOST_PIXELS / 1e6} million at most; make it smaller, or use ${ELSEWHERE}`);
}

/** All pixels, band by band: a canvas for all of them would be one more copy. */
function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = Math.min(height, Math.max(1, Math.floor(BAND / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    pen.clearRect(0, 0, width, rows);
    pen.drawImage(bitmap, 0, top, width, count, 0, 0, width, count);
    data.set(pen.getImageData(0, 0, width, count).data, 4 * width * top);
  }
  return { width, height, data };
}
