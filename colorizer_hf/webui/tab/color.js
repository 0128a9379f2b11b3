// sRGB and CIELAB, as color.py has them: luminance codes, single colours, and the table that gives codes their chroma.
//
// Luminance is L / 100, chroma a and b / 110. A luminance code is the sRGB gray, 0..255, that has a pixel's CIE
// luminance.

import { rounded } from "./numbers.js";

export const CHROMA_SCALE = 110;

const WEIGHTS = [0.2126, 0.7152, 0.0722]; // of linear red, green and blue in luminance
const RGB_TO_XYZ = [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]];
const WHITE = [0.95047, 1, 1.08883];
// White is (1, 1, 1) by construction here, so zero chroma gives R = G = B.
const XYZ_TO_RGB = inverse(RGB_TO_XYZ.map((row) => row.map((value) => value / (row[0] + row[1] + row[2]))));

const TOLERANCE = 1e-4; // in linear sRGB: last digits of the matrices must not move colours on the gamut's surface
const BISECTIONS = 16;
const HUES = 360;
const FARTHEST = 1.25; // chroma beyond sRGB everywhere

const LEVELS = 96; // of a and of b in the table
const KNEE = 0.6; // a and b / 110 at which the steps of the table are four times as wide as at gray
const STEPS = 76; // levels per unit of companded chroma

const BAYER = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]; // Bayer 1973

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const [A, B, C] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const determinant = a * A + b * B + c * C;
  const adjugate = [
    [A, c * h - b * i, b * f - c * e],
    [B, a * i - c * g, c * d - a * f],
    [C, b * g - a * h, a * e - b * d],
  ];
  return adjugate.map((row) => row.map((value) => value / determinant));
}

const decoded = (value) => (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);
const LINEAR = Float64Array.from({ length: 256 }, (_, code) => decoded(code / 255));
const encoded = (linear) => (linear > 0.0031308 ? 1.055 * linear ** (1 / 2.4) - 0.055 : 12.92 * linear);

/** L / 100 of every luminance code. */
export const LIGHTNESS = Float32Array.from({ length: 256 }, (_, code) => {
  const y = LINEAR[code];
  return y > 0.008856 ? 1.16 * y ** (1 / 3) - 0.16 : 9.03292 * y;
});

/** Red, green and blue in 0..255 of "#rrggbb". */
export const channelsOf = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

/** "#rrggbb" of red, green and blue in 0..255. */
export const hexOf = (channels) =>
  "#" + Array.from(channels, (value) => rounded(value).toString(16).padStart(2, "0")).join("");

/**
 * Lab of a colour.
 *
 * @param {number} red 0 to 255, whole, as the others.
 * @param {number} green
 * @param {number} blue
 * @returns {[number, number, number]} Luminance and chroma.
 */
export function labOf(red, green, blue) {
  const root = ([fromRed, fromGreen, fromBlue], white) => {
    const relative = (fromRed * LINEAR[red] + fromGreen * LINEAR[green] + fromBlue * LINEAR[blue]) / white;
    return relative > 0.008856 ? Math.cbrt(relative) : 7.787 * relative + 4 / 29;
  };
  const [x, y, z] = [root(RGB_TO_XYZ[0], WHITE[0]), root(RGB_TO_XYZ[1], WHITE[1]), root(RGB_TO_XYZ[2], WHITE[2])];
  return [1.16 * y - 0.16, ((x - y) * 500) / CHROMA_SCALE, ((y - z) * 200) / CHROMA_SCALE];
}

/** Red, green and blue in 0..255 of luminance and chroma; what sRGB cannot show loses chroma. */
export function rgbOf(luminance, a, b) {
  const scale = fits(luminance, a, b) ? 1 : largestScale(luminance, a, b);
  return Array.from(linearOf(luminance, a * scale, b * scale), shown);
}

const linear = new Float64Array(3); // what `linearOf` gives: it is called millions of times

/** Red, green and blue of Lab, linear and not clipped; used again for the next colour. */
function linearOf(luminance, a, b) {
  const root = (luminance * 100 + 16) / 116;
  const x = cubed(root + (a * CHROMA_SCALE) / 500);
  const y = cubed(root);
  const z = cubed(root - (b * CHROMA_SCALE) / 200);
  for (let i = 0; i < 3; i++) linear[i] = XYZ_TO_RGB[i][0] * x + XYZ_TO_RGB[i][1] * y + XYZ_TO_RGB[i][2] * z;
  return linear;
}

const cubed = (root) => (root > 6 / 29 ? root * root * root : (root - 4 / 29) / 7.787);

/** A channel in 0..255. */
const shown = (value) => 255 * encoded(Math.min(Math.max(value, 0), 1));

function fits(luminance, a, b) {
  linearOf(luminance, a, b);
  const [least, most] = [Math.min(linear[0], linear[1], linear[2]), Math.max(linear[0], linear[1], linear[2])];
  return least >= -TOLERANCE && most <= 1 + TOLERANCE;
}

/** By bisection, how far chroma can be scaled within the gamut at its luminance. */
function largestScale(luminance, a, b) {
  let [low, high] = [0, 1];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (fits(luminance, a * middle, b * middle)) low = middle;
    else high = middle;
  }
  return low;
}

const UNITS = 64 * 255; // of luminance: 5 from code 0 to 1, the narrowest step
const TO_LUMINANCE = WEIGHTS.map((weight) =>
  Int32Array.from({ length: 256 }, (_, code) => Math.round(weight * LINEAR[code] * UNITS)));
const TO_CODE = Uint8Array.from({ length: UNITS + 1 }, (_, y) => Math.round(encoded(y / UNITS) * 255));

/** RGBA pixels as one number each, alpha highest: machines that browsers run on have the lowest byte first. */
export function packed(rgba) {
  const { buffer, byteOffset } = rgba.byteOffset % 4 ? rgba.slice() : rgba;
  return new Uint32Array(buffer, byteOffset, rgba.length / 4);
}

/** Whether a packed pixel is gray. */
export const isGray = (pixel) => ((pixel ^ (pixel >> 8)) & 0xffff) === 0;

/** The luminance codes of packed pixels; gray pixels keep their value. */
export function luminanceCodes(pixels) {
  const [red, green, blue] = TO_LUMINANCE;
  const codes = new Uint8Array(pixels.length);
  for (let i = 0; i < codes.length; i++) {
    const pixel = pixels[i];
    if (isGray(pixel)) {
      codes[i] = pixel & 255;
    } else {
      const luminance = red[pixel & 255] + green[(pixel >> 8) & 255] + blue[(pixel >> 16) & 255];
      codes[i] = TO_CODE[luminance < UNITS ? luminance : UNITS];
    }
  }
  return codes;
}

// The table: sRGB as the bytes of one number, by companded a, companded b and code. A photo's colours lie in few of its
// cells of a and b, and a cell is filled when it is first met: the whole takes a third of a second.
const table = new Uint32Array(LEVELS * LEVELS * 256);
const filled = new Uint8Array(LEVELS * LEVELS);
const limits = Array(HUES + 1); // the largest chroma within the gamut by hue and code, as far as it was asked for

const levelOf = (index) => {
  const companded = (index - LEVELS / 2) / STEPS;
  return (KNEE * companded) / (1 - Math.abs(companded));
};

const limitsOf = (hue) => (limits[hue] ??= LIGHTNESS.map((luminance) => {
  const angle = (2 * Math.PI * hue) / HUES;
  return FARTHEST * largestScale(luminance, FARTHEST * Math.cos(angle), FARTHEST * Math.sin(angle));
}));

function fill(cell) {
  filled[cell] = 1;
  const [a, b] = [levelOf(Math.floor(cell / LEVELS)), levelOf(cell % LEVELS)];
  const turn = Math.atan2(b, a) / (2 * Math.PI);
  const hue = (turn - Math.floor(turn)) * HUES;
  const below = Math.min(Math.floor(hue), HUES - 1);
  const [first, second] = [limitsOf(below), limitsOf(below + 1)];
  const size = Math.max(Math.hypot(a, b), 1e-6);
  for (let code = 0; code < 256; code++) {
    const limit = first[code] + (hue - below) * (second[code] - first[code]);
    const scale = Math.min(limit / size, 1);
    const rgb = linearOf(LIGHTNESS[code], a * scale, b * scale);
    const [red, green, blue] = [Math.round(shown(rgb[0])), Math.round(shown(rgb[1])), Math.round(shown(rgb[2]))];
    table[cell * 256 + code] = red | (green << 8) | (blue << 16) | (255 << 24);
  }
}

// No threshold is so large that a level leaves its point of the grid if it lies on it.
const thresholds = (rows) => rows.map((row) => Float32Array.from(row, (step) => LEVELS / 2 + (step + 0.5) / 16));
const DITHER_A = thresholds(BAYER);
const DITHER_B = thresholds(BAYER.toReversed());

/**
 * Give a row of luminance codes their chroma, dithered between the points of the table.
 *
 * @param {Uint8Array} codes
 * @param {Float32Array} a Chroma, as b.
 * @param {Float32Array} b
 * @param {number} y Row of the photo, which says how it is dithered.
 * @param {Uint32Array} pixels Is filled with the bytes R, G, B, 255 of as many pixels as it has.
 */
export function colorRow(codes, a, b, y, pixels) {
  const [ditherA, ditherB] = [DITHER_A[y % 4], DITHER_B[y % 4]];
  for (let x = 0; x < pixels.length; x++) {
    const [valueA, valueB] = [a[x], b[x]];
    const levelA = (valueA / (Math.abs(valueA) + KNEE)) * STEPS + ditherA[x & 3];
    const levelB = (valueB / (Math.abs(valueB) + KNEE)) * STEPS + ditherB[x & 3];
    const indexA = levelA <= 0 ? 0 : levelA >= LEVELS - 1 ? LEVELS - 1 : levelA | 0;
    const indexB = levelB <= 0 ? 0 : levelB >= LEVELS - 1 ? LEVELS - 1 : levelB | 0;
    const cell = indexA * LEVELS + indexB;
    if (!filled[cell]) fill(cell);
    pixels[x] = table[cell * 256 + codes[x]];
  }
}
