// Maps of numbers at other sizes, as resampling.py has them, with the same numbers.

import { clamp } from "./numbers.js";

/**
 * @typedef {object} Maps Numbers at places of the photo.
 * @property {Float32Array} data Map after map, row after row.
 * @property {number} channels How many maps.
 * @property {number} height
 * @property {number} width
 *
 * @typedef {object} Taps Of each result the places that it comes from, and their weights.
 * @property {number} count Places of one result.
 * @property {Int32Array} places
 * @property {Float32Array} weights
 */

const CUBIC = -0.75; // the slope of Keys' cubic convolution that torch takes

/** @returns {Maps} full of zeros */
export const emptyMaps = (channels, height, width) =>
  ({ data: new Float32Array(channels * height * width), channels, height, width });

/**
 * @param {Maps} maps
 * @param {number} height
 * @param {number} width
 * @param {"area" | "bilinear" | "bicubic"} mode "area" is the mean of all that a result covers; the others interpolate
 *   between the centres of cells.
 * @returns {Maps}
 */
export function resized(maps, height, width, mode) {
  const find = { area: areaTaps, bilinear: linearTaps, bicubic: cubicTaps }[mode];
  if (maps.height !== height) maps = gatheredDown(maps, find(maps.height, height));
  if (maps.width !== width) maps = gatheredAcross(maps, find(maps.width, width));
  return maps;
}

/** Means of maps over windows of side x side around each place, as far as they lie on the map. */
export function windowMeans(maps, side) {
  const taps = (length) => tapsOf(length, side, (i) => {
    const first = i - (side >> 1);
    const inside = Math.min(first + side, length) - Math.max(first, 0);
    return [first, (k) => (first + k >= 0 && first + k < length ? 1 / inside : 0)];
  }, length);
  return gatheredAcross(gatheredDown(maps, taps(maps.height)), taps(maps.width));
}

/** @param {(i: number) => [number, (k: number) => number]} find The first place and the weights of a result. */
function tapsOf(results, count, find, length) {
  const taps = { count, places: new Int32Array(results * count), weights: new Float32Array(results * count) };
  for (let i = 0; i < results; i++) {
    const [first, weigh] = find(i);
    for (let k = 0; k < count; k++) {
      taps.places[i * count + k] = clamp(first + k, 0, length - 1);
      taps.weights[i * count + k] = weigh(k);
    }
  }
  return taps;
}

/** First and end of what each of `results` covers of a length. */
export const covered = (i, length, results) =>
  [Math.floor((i * length) / results), Math.ceil(((i + 1) * length) / results)];

function areaTaps(length, results) {
  let most = 0;
  for (let i = 0; i < results; i++) {
    const [first, end] = covered(i, length, results);
    most = Math.max(most, end - first);
  }
  return tapsOf(results, most, (i) => {
    const [first, end] = covered(i, length, results);
    return [first, (k) => (first + k < end ? 1 / (end - first) : 0)];
  }, length);
}

/** Also what a full-size picture is mixed by, row by row. */
export function linearTaps(length, results) {
  return tapsOf(results, 2, (i) => {
    const place = Math.max((i + 0.5) * (length / results) - 0.5, 0); // places before the first centre count as there
    const first = Math.floor(place);
    return [first, (k) => (k ? place - first : 1 - (place - first))];
  }, length);
}

function cubicTaps(length, results) {
  return tapsOf(results, 4, (i) => {
    const place = (i + 0.5) * (length / results) - 0.5;
    const first = Math.floor(place);
    return [first - 1, (k) => cubic(Math.abs(place - first - (k - 1)))];
  }, length);
}

function cubic(distance) {
  return distance <= 1
    ? ((CUBIC + 2) * distance - (CUBIC + 3)) * distance ** 2 + 1
    : ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC;
}

function gatheredDown({ data, channels, height, width }, { count, places, weights }) {
  const result = emptyMaps(channels, places.length / count, width);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < result.height; y++) {
      const to = (channel * result.height + y) * width;
      for (let k = 0; k < count; k++) {
        const weight = weights[y * count + k];
        if (weight === 0) continue;
        const from = (channel * height + places[y * count + k]) * width;
        for (let x = 0; x < width; x++) result.data[to + x] += weight * data[from + x];
      }
    }
  }
  return result;
}

function gatheredAcross({ data, channels, height, width }, { count, places, weights }) {
  const result = emptyMaps(channels, height, places.length / count);
  for (let row = 0; row < channels * height; row++) {
    const [from, to] = [row * width, row * result.width];
    for (let x = 0, tap = 0; x < result.width; x++) {
      let sum = 0;
      for (let k = 0; k < count; k++, tap++) sum += weights[tap] * data[from + places[tap]];
      result.data[to + x] = sum;
    }
  }
  return result;
}
