// Luminance codes and low-resolution chroma to pixels: `render` of chroma_upsampling.py.

import { colorRow, LIGHTNESS } from "./color.js";
import { clamp } from "./numbers.js";
import { Upsampler } from "./upsampling.js";

const DETAIL = 1.3; // of luminance restored for near-infrared frames
const SHADES = 4096; // of it, finer than codes

/** All of a picture, as a box. */
export const whole = ({ width, height }) => ({ left: 0, top: 0, right: width, bottom: height });

/**
 * @param {import("./upsampling.js").Codes & { alpha: ?Uint8Array }} photo
 * @param {Upsampler} upsampler Of its chroma.
 * @param {import("./session.js").Box} box What is wanted of it; a left edge that is no multiple of 4 changes the dither.
 * @returns {import("./session.js").Pixels} RGBA
 */
export function rendered(photo, upsampler, { left, top, right, bottom }) {
  const [width, height] = [right - left, bottom - top];
  const pixels = new Uint32Array(width * height);
  for (let y = top; y < bottom; y++) {
    const codes = photo.data.subarray(y * photo.width + left, y * photo.width + right);
    const [a, b] = upsampler.row(y, left, right);
    colorRow(codes, a, b, y, pixels.subarray((y - top) * width, (y - top + 1) * width));
  }
  const data = new Uint8ClampedArray(pixels.buffer);
  if (photo.alpha) {
    for (let y = top, to = 3; y < bottom; y++) {
      const row = y * photo.width;
      for (let x = left; x < right; x++, to += 4) data[to] = photo.alpha[row + x];
    }
  }
  return { width, height, data };
}

/** Luminance codes as they are, opaque; see `rendered`. */
export function renderedGray(photo, { left, top, right, bottom }) {
  const [width, height] = [right - left, bottom - top];
  const pixels = new Uint32Array(width * height);
  for (let y = top, to = 0; y < bottom; y++) {
    const row = y * photo.width;
    for (let x = left; x < right; x++) pixels[to++] = (photo.data[row + x] * 0x010101) | (255 << 24);
  }
  return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

/**
 * The luminance of a near-infrared frame's scene in visible light, with the frame's detail.
 *
 * @param {import("./upsampling.js").Codes} codes
 * @param {import("./resampling.js").Maps} luminance Predicted, L / 100.
 * @returns {Uint8Array} codes
 */
export function restored(codes, luminance) {
  const upsampler = new Upsampler(luminance, codes, DETAIL);
  const nearest = Uint8Array.from({ length: SHADES + 1 }, (_, shade) => nearestCode(shade / SHADES));
  const result = new Uint8Array(codes.data.length);
  for (let y = 0, to = 0; y < codes.height; y++) {
    const [row] = upsampler.row(y);
    for (let x = 0; x < codes.width; x++) result[to++] = nearest[Math.round(clamp(row[x], 0, 1) * SHADES)];
  }
  return result;
}

function nearestCode(lightness) {
  let code = 0;
  while (code < 255 && (LIGHTNESS[code] + LIGHTNESS[code + 1]) / 2 < lightness) code++;
  return code;
}
