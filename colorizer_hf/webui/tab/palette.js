// Palettes: palette.py, and of webui/palettes.py what a page says of one.

import { channelsOf, CHROMA_SCALE, labOf } from "./color.js";
import { ColorizerError } from "./errors.js";
import { clamp, rounded } from "./numbers.js";
import { ownColors } from "./own_colors.js";

const REFERENCE_SIDE = 128; // pixels of a reference photo's longer side
const MOST_COLORS = 64;
const STEP = 10; // Lab units: colours of a photo that lie nearer are one
const FARTHEST = 128; // Lab units from gray
export const DEFAULT_STRENGTH = 0.5;

const withDigits = (value, digits) => rounded(value * 10 ** digits) / 10 ** digits;

/**
 * The colours of a photo, in the shares that they have there, and the photo itself made small, for a thumbnail.
 *
 * @param {import("./session.js").Pixels} pixels RGBA
 * @returns {import("./session.js").Palette & { colors: import("./shrinking.js").Bytes }} `colors` is RGB.
 * @throws {ColorizerError} it is gray.
 */
export function paletteOfPhoto(pixels) {
  const colors = ownColors(pixels, REFERENCE_SIDE);
  if (!colors) throw new ColorizerError("the photograph whose colours should be used has none; take another");
  const cells = new Map();
  for (let at = 0; at < colors.data.length; at += 3) {
    const chroma = labOf(...colors.data.subarray(at, at + 3)).slice(1).map((value) => value * CHROMA_SCALE);
    const place = chroma.map((value) => rounded(value / STEP));
    const cell = cells.get(String(place)) ?? { place, count: 0, sums: [0, 0] };
    cell.count++;
    cell.sums = cell.sums.map((sum, i) => sum + chroma[i]);
    cells.set(String(place), cell);
  }
  const order = (one, other) => other.count - one.count || one.place[0] - other.place[0] || one.place[1] - other.place[1];
  const largest = [...cells.values()].sort(order).slice(0, MOST_COLORS);
  const total = largest.reduce((sum, { count }) => sum + count, 0);
  return {
    chroma: largest.map(({ sums, count }) => sums.map((sum) => withDigits(sum / count, 1))),
    shares: largest.map(({ count }) => withDigits(count / total, 4)),
    strength: DEFAULT_STRENGTH,
    colors,
  };
}

/** Named colours in equal shares. */
export function paletteOfColors(colors, strength = DEFAULT_STRENGTH) {
  const chroma = colors.map((color) => labOf(...channelsOf(color)).slice(1).map((value) => value * CHROMA_SCALE));
  return { chroma, shares: colors.map(() => 1 / colors.length), strength };
}

/** Of each colour a and b / 110, and its share times the strength: what a network takes. */
export function paletteArray({ chroma, shares, strength }) {
  const positive = shares.map((share) => Math.max(share, 0));
  const sum = positive.reduce((total, share) => total + share, 0);
  const bounded = (value) => clamp(value, -FARTHEST, FARTHEST) / CHROMA_SCALE;
  const amount = (i) => (positive[i] / sum) * clamp(strength, 0, 1);
  return Float32Array.from(chroma.flatMap(([a, b], i) => [bounded(a), bounded(b), amount(i)]));
}
