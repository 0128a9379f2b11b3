// Pixels as what a page can show and a person can keep.

import { viewOf } from "./bytes.js";
import { tooLarge } from "./errors.js";
import { encodeJpeg } from "./jpeg.js";

const HEADER = 14 + 124; // bytes: of the file, and of version 5 of what follows
const KEPT = 3; // of each kind; the stage may still be decoding older ones
const SRGB = 0x73524742; // "sRGB"

/** Pictures for the screen by address. They are not packed: that would take longer than all the rest, and lose. */
export class Shown {
  #addresses = new Map();

  /** @param {string} kind Of which the oldest ones go.
   * @param {import("./session.js").Pixels} pixels RGBA
   * @returns {string} Address. */
  show(kind, pixels) {
    const addresses = this.#addresses.get(kind) ?? [];
    addresses.push(addressOf(pixels));
    while (addresses.length > KEPT) URL.revokeObjectURL(addresses.shift());
    this.#addresses.set(kind, addresses);
    return addresses.at(-1);
  }

  clear() {
    for (const address of [...this.#addresses.values()].flat()) URL.revokeObjectURL(address);
    this.#addresses.clear();
  }
}

/** The address of a picture, which holds until it is revoked. */
export const addressOf = (pixels) => URL.createObjectURL(bitmapFile(pixels));

/** A BMP with the pixels as they are, from top to bottom. */
function bitmapFile({ width, height, data }) {
  const header = viewOf(new Uint8Array(HEADER));
  const numbers = { 2: HEADER + data.length, 10: HEADER, 14: HEADER - 14, 18: width, 22: -height, 30: 3, 34: data.length,
    54: 0xff, 58: 0xff00, 62: 0xff0000, 66: 0xff000000, 70: SRGB };
  header.setUint16(0, 0x424d);
  for (const [at, number] of Object.entries(numbers)) header.setUint32(+at, number, true);
  header.setUint16(26, 1, true); // planes
  header.setUint16(28, 32, true); // bits
  return new Blob([header.buffer, data], { type: "image/bmp" });
}

/** A photo in colour at full size.
 *
 * @param {import("./session.js").Session} session
 * @param {"JPEG"|"PNG"} format
 * @returns {Promise<Blob>} Without a word about the photo. */
export const encode = (session, format) => (format === "PNG" ? encodePng(session) : encodeJpeg(session));

async function encodePng(session) {
  const { width, height } = session.photo;
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw tooLarge();
  for (const { top, height: rows, data } of session.bands()) {
    pen.putImageData(new ImageData(new Uint8ClampedArray(data.buffer, data.byteOffset, data.length), width, rows), 0, top);
  }
  return canvas.convertToBlob({ type: "image/png" }).catch(() => {
    throw tooLarge();
  });
}
