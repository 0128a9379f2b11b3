// The colours that a photo came with, kept small to show them: imaging/own_colors.py.

import { isGray, labOf, packed } from "./color.js";
import { rounded } from "./numbers.js";
import { emptyMaps } from "./resampling.js";
import { shrunk } from "./shrinking.js";

const TINTED = 12; // of 255, between the channels of a pixel; less is noise of a gray picture stored in colour
const SHARE = 0.99; // of the pixels that may be tinted less

/**
 * @param {import("./session.js").Pixels} pixels RGBA
 * @param {number} longest Pixels of the longer side of what is kept, at most.
 * @returns {?import("./shrinking.js").Bytes} RGB; null if the photo is gray.
 */
export function ownColors({ data, width, height }, longest) {
  const step = Math.max(1, Math.floor(Math.max(width, height) / (2 * longest))); // some of its pixels will do
  if (!hasColors({ data, width, height }, step)) return null;
  const few = { width: Math.ceil(width / step), height: Math.ceil(height / step), channels: 3 };
  few.data = new Uint8Array(few.width * few.height * 3);
  for (let y = 0, to = 0; y < height; y += step) {
    for (let x = 0, from = y * width * 4; x < width; x += step, from += 4 * step, to += 3) {
      few.data[to] = data[from];
      few.data[to + 1] = data[from + 1];
      few.data[to + 2] = data[from + 2];
    }
  }
  const scale = Math.min(1, longest / Math.max(width, height));
  const [w, h] = [width, height].map((side) => Math.max(1, rounded(side * scale)));
  const colors = shrunk(few, w, h, "box", { blocks: false });
  return isTinted(colors.data) ? colors : null;
}

/** Whether any of the pixels that are looked at has one: most photos that come here have none. */
function hasColors({ data, width, height }, step) {
  const pixels = packed(data);
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) if (!isGray(pixels[y * width + x])) return true;
  }
  return false;
}

function isTinted(rgb) {
  const spans = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < spans.length; i++) {
    const [red, green, blue] = [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]];
    spans[i] = Math.max(red, green, blue) - Math.min(red, green, blue);
  }
  spans.sort();
  const place = SHARE * (spans.length - 1);
  const [below, above] = [spans[Math.floor(place)], spans[Math.ceil(place)]];
  return below + (place % 1) * (above - below) > TINTED;
}

/** @returns {import("./resampling.js").Maps} a and b / 110 */
export function chromaOf({ data, width, height }) {
  const chroma = emptyMaps(2, height, width);
  for (let i = 0, from = 0; i < width * height; i++, from += 3) {
    const [, a, b] = labOf(data[from], data[from + 1], data[from + 2]);
    chroma.data[i] = a;
    chroma.data[width * height + i] = b;
  }
  return chroma;
}
