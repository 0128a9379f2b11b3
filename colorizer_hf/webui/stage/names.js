// Words for colours.

import { KNOWN, LIGHTNESS_COUNTS } from "./known_colors.js";

/** The colours of the palette. */
export const PALETTE = [
  ["#e9bd9f", "light skin"], ["#c98f68", "tan skin"], ["#8a5638", "dark skin"], ["#c9606a", "lips"],
  ["#d0a868", "blond"], ["#6b4226", "dark wood"], ["#a8743f", "wood"], ["#a14a36", "brick"],
  ["#c0282d", "red"], ["#dba33a", "mustard"], ["#8fa84a", "grass"], ["#4f7a3a", "leaf"],
  ["#4c8f8b", "teal"], ["#86b6e0", "sky"], ["#2f4a80", "navy"], ["#8a6aa8", "lilac"], ["#8c8c8c", "gray, no colour"],
];

export const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

export const hex = (values) => "#" + values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("");

/** A word or two for "#rrggbb", as color_names.py has it, and for null, which keeps what is there. */
export function nameOf(color) {
  if (color === null) return "keep";
  const known = PALETTE.find(([each]) => each === color);
  if (known) return known[1];
  const place = lab(color);
  const away = KNOWN.map(([, other]) => Math.hypot(...place.map((value, i) => value - other[i])));
  return KNOWN[away.indexOf(Math.min(...away))][0];
}

/** CIE Lab of sRGB under D65, L counting less. */
function lab(color) {
  const [red, green, blue] = channels(color)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  const [x, y, z] = [
    (0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.95047,
    0.212671 * red + 0.71516 * green + 0.072169 * blue,
    (0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.08883,
  ].map((value) => (value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116));
  return [LIGHTNESS_COUNTS * (116 * y - 16), 500 * (x - y), 200 * (y - z)];
}
