// Pictures of 8 bits at other sizes, bit for bit as Pillow makes them, so that a network sees the same photo here and
// there: blocks of whole pixels are averaged first, then a filter is laid over what is left, across and down, in
// integers (Image.resize with reducing_gap; libImaging's Reduce.c and Resample.c).

const GAP = 2; // how much larger than wanted a picture is at least after the first step
const BITS = 22; // of a weight behind its point
const HALF = 1 << (BITS - 1);

const HAMMING = [0.54, 0.46].map(Math.fround);

/** By distance from the centre; all end at 1, the box at half. */
const FILTERS = {
  box: { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weigh: (x) => Math.max(1 - Math.abs(x), 0) },
  hamming: { support: 1, weigh: hamming },
};

function hamming(x) {
  const distance = Math.abs(x);
  if (distance === 0) return 1;
  if (distance >= 1) return 0;
  const angle = distance * Math.PI;
  return (Math.sin(angle) / angle) * (HAMMING[0] + HAMMING[1] * Math.cos(angle));
}

/**
 * @typedef {object} Bytes
 * @property {Uint8Array | Uint8ClampedArray} data Row after row.
 * @property {number} width
 * @property {number} height
 * @property {number} [channels] Of a pixel, side by side; 1 if left out.
 */

/**
 * @param {Bytes} picture
 * @param {number} width
 * @param {number} height
 * @param {"box" | "bilinear" | "hamming"} filter
 * @param {{ blocks?: boolean }} [options] Whether blocks are averaged first.
 * @returns {Bytes}
 */
export function shrunk(picture, width, height, filter, { blocks = true } = {}) {
  const { channels = 1 } = picture;
  const [across, down] = [picture.width / width, picture.height / height]
    .map((scale) => (blocks ? Math.max(Math.floor(scale / GAP), 1) : 1));
  const few = across > 1 || down > 1 ? averaged(picture, across, down) : { ...picture, channels };
  // What is left over at the right and at the bottom makes a block of its own: then the last one is not whole.
  const [right, bottom] = [Math.fround(picture.width / across), Math.fround(picture.height / down)];
  const keepsWidth = right === width && few.width === width;
  const keepsHeight = bottom === height && few.height === height;
  const narrow = keepsWidth ? few : filteredAcross(few, tapsOf(few.width, right, width, filter));
  return keepsHeight ? narrow : filteredDown(narrow, tapsOf(few.height, bottom, height, filter));
}

/** Means of blocks of across x down pixels, of one channel. */
function averaged({ data, width, height }, across, down) {
  const result = { width: Math.ceil(width / across), height: Math.ceil(height / down), channels: 1 };
  result.data = new Uint8Array(result.width * result.height);
  const sums = new Uint32Array(result.width);
  for (let y = 0; y < result.height; y++) {
    const rows = Math.min(down, height - y * down);
    sums.fill(0);
    for (let row = y * down; row < y * down + rows; row++) addBlocks(data, row * width, width, across, sums);
    const last = width - (result.width - 1) * across;
    const to = y * result.width;
    divide(sums, 0, result.width - 1, rows * across, result.data, to);
    divide(sums, result.width - 1, result.width, rows * last, result.data, to);
  }
  return result;
}

function addBlocks(data, start, width, across, sums) {
  const end = start + width;
  for (let from = start, block = 0; from < end; from += across, block++) {
    const stop = Math.min(from + across, end);
    let sum = 0;
    for (let at = from; at < stop; at++) sum += data[at];
    sums[block] += sum;
  }
}

/** Sums of `count` pixels rounded to means: multiplied by a reciprocal, as Pillow does. */
function divide(sums, first, end, count, means, to) {
  const reciprocal = Math.floor(Math.fround(2 ** 32 / Math.fround(256 * count)));
  const half = count >> 1;
  for (let block = first; block < end; block++) {
    means[to + block] = Math.floor(((sums[block] + half) * reciprocal) / 2 ** 24);
  }
}

/** Of each result the first place, how many there are, and their weights as whole numbers. */
function tapsOf(length, end, results, filter) {
  const { support, weigh } = FILTERS[filter];
  const scale = end / results;
  const reach = support * Math.max(scale, 1);
  const most = Math.ceil(reach) * 2 + 1;
  const [first, counts, whole] = [results, results, results * most].map((size) => new Int32Array(size));
  const weights = new Float64Array(most);
  for (let i = 0; i < results; i++) {
    const centre = (i + 0.5) * scale;
    first[i] = Math.max(Math.trunc(centre - reach + 0.5), 0);
    counts[i] = Math.min(Math.trunc(centre + reach + 0.5), length) - first[i];
    let sum = 0;
    for (let k = 0; k < counts[i]; k++) {
      weights[k] = weigh((k + first[i] - centre + 0.5) * (1 / Math.max(scale, 1)));
      sum += weights[k];
    }
    for (let k = 0; k < counts[i]; k++) whole[i * most + k] = Math.trunc(0.5 + (weights[k] / (sum || 1)) * 2 ** BITS);
  }
  return { most, first, counts, weights: whole };
}

function filteredAcross({ data, width, height, channels }, { most, first, counts, weights }) {
  const result = { width: first.length, height, channels, data: new Uint8Array(first.length * height * channels) };
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0, to = channel; y < height; y++) {
      for (let x = 0; x < result.width; x++, to += channels) {
        const end = x * most + counts[x];
        let sum = HALF;
        for (let k = x * most, at = (y * width + first[x]) * channels + channel; k < end; k++, at += channels) {
          sum += Math.imul(weights[k], data[at]);
        }
        result.data[to] = sum >> BITS;
      }
    }
  }
  return result;
}

function filteredDown({ data, width, channels }, { most, first, counts, weights }) {
  const stride = width * channels;
  const result = { width, height: first.length, channels, data: new Uint8Array(first.length * stride) };
  const sums = new Int32Array(stride);
  for (let y = 0; y < result.height; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]; k++) {
      const [weight, from] = [weights[y * most + k], (first[y] + k) * stride];
      for (let x = 0; x < stride; x++) sums[x] += Math.imul(weight, data[from + x]);
    }
    for (let x = 0; x < stride; x++) result.data[y * stride + x] = sums[x] >> BITS;
  }
  return result;
}
