// Other colourings of the photo in hand, as small pictures to choose from: webui/alternatives.py.

import { channelsOf, hexOf } from "./color.js";
import { strokeOf } from "./hints.js";
import { indexOfLargest } from "./numbers.js";
import { emptyMaps, windowMeans } from "./resampling.js";

const VIVIDNESS = { Calm: 0, Natural: 0.7, Vivid: 1 };
const GUESSES = 2;
const THUMBNAIL = 176; // pixels of the longer side
const SLENDER = 2; // of a picture longer than so many times its shorter side only the middle is shown
const NEIGHBOURHOOD = 9; // cells: a place is a region of the photo, not a speck
const DIFFERENT = 60; // of 255, in some channel: a guess that looks like what is there already is no alternative
const DAB = 0.02; // radius as a share of the longer side

/** @typedef {import("./result.js").ColorResult} ColorResult */
/** @typedef {import("./hints.js").Hint} Hint */

/**
 * @param {ColorResult} shown What is shown now.
 * @param {(hints: Hint[], vividness: number) => Promise<ColorResult>} colored The same photo and palette.
 * @param {Hint[]} hints That hold.
 * @param {number} vividness That holds.
 * @param {(color: string) => string} nameOf
 * @returns {Promise<import("./session.js").Alternative[]>}
 */
export async function alternatives(shown, colored, hints, vividness, nameOf) {
  const offers = [];
  for (const [label, value] of Object.entries(VIVIDNESS)) {
    const current = value === vividness;
    const image = middle(small(current ? shown : await colored(hints, value)));
    offers.push({ label, image, vividness: value, hint: null, current });
  }
  for (const hint of secondGuesses(shown, hints)) {
    const image = small(await colored([...hints, hint], vividness));
    // What comes of a hint may look different from it: brightness is the photo's own.
    const { points: [[x, y]], ...stroke } = strokeOf(hint, shown.photo);
    const seen = nameOf(hexOf(colorAt(image, hint, shown.photo)));
    const offer = { label: `Perhaps ${seen}`, image: middle(image) };
    offers.push({ ...offer, vividness: null, hint: { x, y, ...stroke }, current: false });
  }
  return offers;
}

function small(result) {
  const { width, height } = result.photo;
  const slender = Math.max(width, height) / Math.min(width, height) / SLENDER;
  return result.preview(Math.round(THUMBNAIL * Math.max(slender, 1)));
}

/** What of a slender picture can be seen at the size of a thumbnail: else a panorama would be a blurred strip. */
function middle({ data, width, height }) {
  const [left, top] = [width, height].map((side) => Math.floor(Math.max(side - THUMBNAIL, 0) / 2));
  const [w, h] = [width - 2 * left, height - 2 * top];
  const cut = new Uint8ClampedArray(4 * w * h);
  for (let y = 0; y < h; y++) {
    const from = 4 * ((top + y) * width + left);
    cut.set(data.subarray(from, from + 4 * w), 4 * y * w);
  }
  return { width: w, height: h, data: cut };
}

/** Other likely colours where the network is least sure and nobody has said anything yet; `GUESSES` at most. */
function secondGuesses(result, hints) {
  if (!result.traits.supports_hints || !result.colors.logits) return [];
  const { width, height } = result.photo;
  const place = leastCertainPoint(result, hints);
  const shown = colorAt(result.preview(THUMBNAIL), place, result.photo).map(Math.round);
  const colors = result.suggestions(Math.floor(place.x), Math.floor(place.y)).map(({ color }) => color);
  const others = colors.filter((color) => channelsOf(color).some((value, i) => Math.abs(value - shown[i]) > DIFFERENT));
  const radius = DAB * Math.max(width, height);
  return others.slice(0, GUESSES).map((color) => ({ ...place, color, radius, reach: "object" }));
}

/** Where, over a neighbourhood, the predicted distribution is widest, away from hints; in pixels. */
function leastCertainPoint({ colors: { logits }, traits: { bins }, photo: { width, height } }, hints) {
  const { height: h, width: w } = logits;
  if (!uncertain.has(logits)) uncertain.set(logits, uncertaintyOf(logits, bins));
  const uncertainty = uncertain.get(logits).slice();
  for (const hint of hints) {
    const [row, column] = [Math.floor((hint.y / height) * h), Math.floor((hint.x / width) * w)];
    const [first, end] = [Math.max(column - NEIGHBOURHOOD, 0), Math.min(column + NEIGHBOURHOOD + 1, w)];
    for (let y = Math.max(row - NEIGHBOURHOOD, 0); y <= Math.min(row + NEIGHBOURHOOD, h - 1); y++) {
      uncertainty.fill(0, y * w + first, y * w + end);
    }
  }
  const best = indexOfLargest(uncertainty);
  return { x: (((best % w) + 0.5) / w) * width, y: ((Math.floor(best / w) + 0.5) / h) * height };
}

const uncertain = new WeakMap(); // by logits: most edits leave those as they are

/** Variance of the predicted colour of each cell, averaged over its neighbourhood. */
function uncertaintyOf(logits, bins) {
  const { height: h, width: w } = logits;
  const variance = variances(logits, bins);
  const margin = NEIGHBOURHOOD >> 1; // of nothing: the edge of the photo is no place to be asked about
  const padded = emptyMaps(1, h + 2 * margin, w + 2 * margin);
  const at = (row, column) => (row + margin) * padded.width + column + margin;
  for (let y = 0; y < h; y++) padded.data.set(variance.subarray(y * w, (y + 1) * w), at(y, 0));
  const means = windowMeans(padded, NEIGHBOURHOOD).data;
  return Float32Array.from({ length: h * w }, (_, i) => means[at(Math.floor(i / w), i % w)]);
}

function variances({ data, height, width }, bins) {
  const cells = height * width;
  const [largest, sum, a, b, squares] = Array.from({ length: 5 }, () => new Float32Array(cells));
  largest.set(data.subarray(0, cells));
  bins.forEach((_, bin) => {
    for (let i = 0; i < cells; i++) largest[i] = Math.max(largest[i], data[bin * cells + i]);
  });
  bins.forEach(([binA, binB], bin) => {
    const square = binA ** 2 + binB ** 2;
    for (let i = 0; i < cells; i++) {
      const share = Math.exp(data[bin * cells + i] - largest[i]);
      sum[i] += share;
      a[i] += share * binA;
      b[i] += share * binB;
      squares[i] += share * square;
    }
  });
  return squares.map((square, i) => square / sum[i] - (a[i] / sum[i]) ** 2 - (b[i] / sum[i]) ** 2);
}

/** Red, green and blue of a picture of the photo around a place in pixels of the photo. */
function colorAt({ data, width, height }, place, photo) {
  const [column, row] = [Math.floor((place.x / photo.width) * width), Math.floor((place.y / photo.height) * height)];
  const sums = [0, 0, 0];
  let count = 0;
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
      for (let channel = 0; channel < 3; channel++) sums[channel] += data[4 * (y * width + x) + channel];
      count++;
    }
  }
  return sums.map((sum) => sum / count);
}
