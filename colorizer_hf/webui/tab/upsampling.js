// Low-resolution chroma to the photo's size, its edges following the luminance: chroma_upsampling.py. There are the
// reasons; here are the same formulas, of one photo and row by row.

import { LIGHTNESS } from "./color.js";
import { clamp } from "./numbers.js";
import { covered, emptyMaps, linearTaps, resized, windowMeans } from "./resampling.js";

const REFINEMENT = 4; // cells of the fine grid per cell of the chroma
const WINDOW = 0.8; // standard deviation in cells of the window in which a line is fitted
const SMOOTHING = 0.6; // the same for averaging slopes
const NOISE = 1e-3; // variance of luminance that is no edge
const [STEADY_SIDE, STEADY_NOISE, STEADY_SHARE] = [9, 1e-4, 0.5];

/** @typedef {import("./resampling.js").Maps} Maps */
/** @typedef {{ data: Uint8Array, width: number, height: number }} Codes of a photo's luminance */

/** Maps of the photo's low resolution, at full size row by row. */
export class Upsampler {
  #codes;
  #lines; // slopes and offsets side by side, place after place of the fine grid
  #first; // of each column the place in a row of lines at its left
  #share; // and how far it is from there to the next one
  #mixed; // a row of lines, between two of the fine grid
  #steps; // from each place of it to the next
  #rows;

  /**
   * @param {Maps} maps Chroma, or with `detail` luminance.
   * @param {Codes} codes
   * @param {number} [detail] Slope of the lines where luminance explains nothing, for luminance.
   */
  constructor(maps, codes, detail = 0) {
    const fine = fineLuminance(codes, REFINEMENT * maps.height, REFINEMENT * maps.width);
    this.#codes = codes;
    this.#lines = interleaved(fineLines(maps, fine, detail));
    const { places, weights } = linearTaps(fine.width, codes.width);
    this.#first = Int32Array.from({ length: codes.width }, (_, x) => 2 * maps.channels * places[2 * x]);
    this.#share = Float32Array.from({ length: codes.width }, (_, x) => weights[2 * x + 1]);
    this.#mixed = new Float32Array(fine.width * 2 * maps.channels);
    this.#steps = new Float32Array(this.#mixed.length);
    this.#rows = Array.from({ length: maps.channels }, () => new Float32Array(codes.width));
  }

  /**
   * A row of the maps.
   *
   * @param {number} y
   * @param {number} [left]
   * @param {number} [right] Beyond the last column.
   * @returns {Float32Array[]} One for each map, of which as many numbers count as there are columns; used again for the
   *   next row.
   */
  row(y, left = 0, right = this.#codes.width) {
    this.#mix(y);
    const [first, share, mixed, steps] = [this.#first, this.#share, this.#mixed, this.#steps];
    const codes = this.#codes.data.subarray(y * this.#codes.width);
    const channels = this.#rows.length;
    for (let channel = 0; channel < channels; channel++) {
      const row = this.#rows[channel];
      for (let x = left; x < right; x++) {
        const slope = first[x] + channel;
        const offset = slope + channels;
        const fitted = (mixed[slope] + share[x] * steps[slope]) * LIGHTNESS[codes[x]];
        row[x - left] = fitted + mixed[offset] + share[x] * steps[offset];
      }
    }
    return this.#rows;
  }

  #mix(y) {
    const [{ data, height }, mixed, steps] = [this.#lines, this.#mixed, this.#steps];
    const place = clamp((y + 0.5) * (height / this.#codes.height) - 0.5, 0, height - 1);
    const upper = Math.floor(place);
    const share = place - upper;
    const [size, next] = [mixed.length, 2 * this.#rows.length];
    const [first, second] = [upper * size, Math.min(upper + 1, height - 1) * size];
    for (let i = 0; i < size; i++) mixed[i] = data[first + i] + share * (data[second + i] - data[first + i]);
    for (let i = 0; i < size - next; i++) steps[i] = mixed[i + next] - mixed[i];
  }
}

const fineOnes = new WeakMap(); // by the photo at one of its sizes: no edit changes them

/** The luminance averaged to a smaller size, or to its own. */
function fineLuminance(codes, mostHeight, mostWidth) {
  const [height, width] = [Math.min(mostHeight, codes.height), Math.min(mostWidth, codes.width)];
  const known = fineOnes.get(codes);
  if (known?.height === height && known.width === width) return known;
  const fine = averaged(codes, height, width);
  fineOnes.set(codes, fine);
  return fine;
}

function averaged({ data, width, height }, fineHeight, fineWidth) {
  const rows = emptyMaps(1, fineHeight, width);
  for (let y = 0; y < fineHeight; y++) {
    const [first, end] = covered(y, height, fineHeight);
    const sums = rows.data.subarray(y * width, (y + 1) * width);
    for (let row = first; row < end; row++) {
      const codes = data.subarray(row * width, (row + 1) * width);
      for (let x = 0; x < width; x++) sums[x] += LIGHTNESS[codes[x]];
    }
    for (let x = 0; x < width; x++) sums[x] /= end - first;
  }
  return resized(rows, fineHeight, fineWidth, "area");
}

function interleaved({ data, channels, height, width }) {
  const size = height * width;
  const result = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < size; i++) result[i * channels + channel] = data[channel * size + i];
  }
  return { data: result, height };
}

/** Lines on the fine grid: slopes of the maps, then their offsets. */
function fineLines(maps, luminance, detail) {
  const { height, width } = luminance;
  // A photo may be smaller than its maps.
  maps = resized(maps, Math.min(maps.height, height), Math.min(maps.width, width), "area");
  const coarse = resized(luminance, maps.height, maps.width, "area");
  if (detail) {
    const steady = steadied(maps, coarse);
    maps = mapped(maps, (value, i) => value + STEADY_SHARE * (steady.data[i] - value));
  }
  let slope = resized(slopes(coarse, maps, detail), height, width, "bilinear");
  const smooth = resized(coarse, height, width, "bicubic");
  const cells = height * width;
  const fine = mapped(resized(maps, height, width, "bicubic"), (value, i) =>
    value + slope.data[i] * (luminance.data[i % cells] - smooth.data[i % cells]));
  slope = slopes(luminance, fine, detail);
  const lines = emptyMaps(2 * fine.channels, height, width);
  lines.data.set(slope.data);
  lines.data.set(fine.data.map((value, i) => value - slope.data[i] * luminance.data[i % cells]), fine.data.length);
  return lines;
}

const mapped = (maps, change) => ({ ...maps, data: maps.data.map(change) });

/** Maps as lines of luminance in windows. */
function steadied(maps, luminance) {
  const cells = maps.height * maps.width;
  const mean = (values) => windowMeans(values, STEADY_SIDE);
  const [average, expected] = [mean(luminance), mean(maps)];
  const square = mean(mapped(luminance, (value) => value * value));
  const product = mean(mapped(maps, (value, i) => value * luminance.data[i % cells]));
  const slope = mapped(product, (value, i) => {
    const light = average.data[i % cells];
    return (value - light * expected.data[i]) / (square.data[i % cells] - light * light + STEADY_NOISE);
  });
  const offset = mean(mapped(expected, (value, i) => value - slope.data[i] * average.data[i % cells]));
  return mapped(mean(slope), (value, i) => value * luminance.data[i % cells] + offset.data[i]);
}

/** How maps change with luminance around each cell. */
function slopes(luminance, maps, detail) {
  const means = blurred(moments(luminance, maps), WINDOW).data;
  const [cells, C] = [maps.height * maps.width, maps.channels];
  const slope = emptyMaps(C, maps.height, maps.width);
  const covariance = new Float64Array(C);
  for (let i = 0; i < cells; i++) {
    const light = means[i];
    const lightVariance = Math.max(means[cells + i] - light * light, 0);
    let [variance, squares] = [0, 0];
    for (let channel = 0; channel < C; channel++) {
      const value = means[(2 + channel) * cells + i];
      variance += Math.max(means[(2 + C + channel) * cells + i] - value * value, 0);
      covariance[channel] = means[(2 + 2 * C + channel) * cells + i] - light * value;
      squares += covariance[channel] ** 2;
    }
    const explained = Math.min(squares / (lightVariance * variance + 1e-8), 1);
    for (let channel = 0; channel < C; channel++) {
      const fitted = covariance[channel] / (lightVariance + NOISE);
      slope.data[channel * cells + i] = detail ? detail * (1 + explained ** 2 * (fitted - 1)) : fitted * explained;
    }
  }
  return blurred(slope, SMOOTHING);
}

/** Luminance, its square, the maps, their squares, and their products with luminance. */
function moments({ data: light }, { data, channels: C, height, width }) {
  const cells = height * width;
  const result = emptyMaps(2 + 3 * C, height, width);
  for (let i = 0; i < cells; i++) {
    result.data[i] = light[i];
    result.data[cells + i] = light[i] ** 2;
    for (let channel = 0; channel < C; channel++) {
      const value = data[channel * cells + i];
      result.data[(2 + channel) * cells + i] = value;
      result.data[(2 + C + channel) * cells + i] = value * value;
      result.data[(2 + 2 * C + channel) * cells + i] = light[i] * value;
    }
  }
  return result;
}

function blurred(maps, sigma) {
  const weights = [0, 1, 2].map((k) => Math.exp(-(k ** 2) / (2 * sigma ** 2)));
  const sum = weights[0] + 2 * weights[1] + 2 * weights[2];
  const kernel = weights.map((weight) => weight / sum);
  return blurredAcross(blurredDown(maps, kernel), kernel);
}

function blurredDown({ data, channels, height, width }, [middle, near, far]) {
  const result = emptyMaps(channels, height, width);
  for (let row = 0; row < channels * height; row++) {
    const y = row % height;
    const [a, b, c, d, e] = [-2, -1, 0, 1, 2].map((away) => (row - y + clamp(y + away, 0, height - 1)) * width);
    for (let x = 0; x < width; x++) {
      result.data[c + x] = far * (data[a + x] + data[e + x]) + near * (data[b + x] + data[d + x]) + middle * data[c + x];
    }
  }
  return result;
}

function blurredAcross({ data, channels, height, width }, [middle, near, far]) {
  const result = emptyMaps(channels, height, width);
  const row = new Float32Array(width + 4); // its ends are repeated
  for (let first = 0; first < data.length; first += width) {
    row.set(data.subarray(first, first + width), 2);
    row.fill(row[2], 0, 2).fill(row[width + 1], width + 2);
    for (let x = 0; x < width; x++) {
      result.data[first + x] = far * (row[x] + row[x + 4]) + near * (row[x + 1] + row[x + 3]) + middle * row[x + 2];
    }
  }
  return result;
}
