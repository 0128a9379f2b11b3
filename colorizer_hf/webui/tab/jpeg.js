// Photos as JPEG with colours at full resolution, which a browser's own encoder halves: by libjpeg-turbo, as the package does.

import startLibjpegTurbo from "../jpeg/libjpegturbowasm.js";
import { tooLarge } from "./errors.js";

const QUALITY = 95; // as the package has it
const FULL_RESOLUTION = 0; // of colour: 4:4:4
const [TABLES, BLOCK] = [1024, 128]; // bytes that a file takes at most: before its pixels, and of each 8 x 8 of them
const MOST_CHANNELS = 255;

let program = null; // a promise of its bytes

/** Have the encoder in the tab, so that nothing is asked for later. */
export const loadJpegEncoder = () =>
  (program ??= fetch(new URL("../jpeg/libjpegturbowasm.wasm", import.meta.url)).then((found) => found.arrayBuffer()));

/** @param {import("./session.js").Session} session
 * @returns {Promise<Blob>} Without a word about the photo; what is transparent lies on white. */
export async function encodeJpeg(session) {
  const { JPEGEncoder } = await startLibjpegTurbo({ wasmBinary: await loadJpegEncoder() }); // its memory only grows
  const encoder = new JPEGEncoder();
  encoder.setQuality(QUALITY);
  encoder.setSubSampling(FULL_RESOLUTION);
  encoder.setProgressive(0);
  const pixels = orTooLarge(() => encoder.getDecodedBuffer(frameOf(session.photo)));
  let to = 0;
  for (const { data } of session.bands()) to = putOnWhite(data, pixels, to);
  orTooLarge(() => encoder.encode());
  return new Blob([encoder.getEncodedBuffer()], { type: "image/jpeg" });
}

/** A picture as the encoder wants it described.
 *
 * Whatever it is told, it reads three bytes of each pixel; but a file that takes more bytes than the pixels are said to
 * take is spoilt. Small ones do, so theirs are said to take many. */
function frameOf({ width, height }) {
  const file = TABLES + BLOCK * Math.ceil(width / 8) * Math.ceil(height / 8);
  const bytes = Math.max(3, Math.ceil(file / (width * height)));
  const size = Math.ceil(bytes / MOST_CHANNELS);
  return { width, height, bitsPerSample: 8 * size, componentCount: Math.ceil(bytes / size), isSigned: false };
}

/** Lay RGBA on white, rounded as in the package, as RGB from `to` on; gives where it ends. */
function putOnWhite(data, pixels, to) {
  for (let from = 0; from < data.length; from += 4) {
    const alpha = data[from + 3];
    const white = 255 * (255 - alpha) + 127;
    for (let i = 0; i < 3; i++) pixels[to++] = (data[from + i] * alpha + white) / 255; // bytes drop what follows the point
  }
  return to;
}

function orTooLarge(step) {
  try {
    return step();
  } catch {
    throw tooLarge();
  }
}
