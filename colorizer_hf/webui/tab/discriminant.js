// What tells a part of a map from the rest of it, Fisher's linear discriminant: models/discriminant.py.

const TINY = 1.1754943508222875e-38; // the least normal float32, as numpy has it

export class Discriminant {
  #cells; // deviations from the mean, channel after channel
  #precision;

  /**
   * @param {Float32Array} features Channel after channel.
   * @param {number} cells Of a channel.
   * @param {number} ridge Variance added to each channel, as a share of the mean one.
   */
  constructor(features, cells, ridge) {
    this.channels = features.length / cells;
    this.count = cells;
    this.#cells = centred(features, cells);
    const covariance = this.#covariance();
    const trace = covariance.reduce((sum, row, i) => sum + row[i], 0);
    covariance.forEach((row, i) => (row[i] += (ridge * trace) / this.channels + TINY)); // an even map has no variance
    this.#precision = inverse(covariance);
  }

  #covariance() {
    const { channels, count } = this;
    const result = Array.from({ length: channels }, () => new Float64Array(channels));
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j <= i; j++) result[i][j] = result[j][i] = dot(this.#channel(i), this.#channel(j)) / count;
    }
    return result;
  }

  #channel(k) {
    return this.#cells.subarray(k * this.count, (k + 1) * this.count);
  }

  /**
   * Whether cells are like a part or like the rest.
   *
   * @param {Uint8Array} part 1 in some cells.
   * @returns {Float64Array} In [-1, 1]: 1 at the part's mean and beyond, -1 at the rest's; 0 if there is no rest, or no
   *   difference.
   */
  scores(part) {
    const { channels, count } = this;
    const scores = new Float64Array(count);
    const inPart = part.reduce((sum, inside) => sum + inside, 0);
    if (inPart === count) return scores;
    const mean = Float64Array.from({ length: channels }, (_, k) => dot(this.#channel(k), part) / inPart);
    const direction = this.#precision.map((row) => dot(row, mean));
    for (let k = 0; k < channels; k++) {
      const [channel, weight] = [this.#channel(k), direction[k]];
      for (let i = 0; i < count; i++) scores[i] += weight * channel[i];
    }
    const inside = dot(direction, mean);
    const outside = (-inside * inPart) / (count - inPart);
    const half = Math.max((inside - outside) / 2, TINY);
    return scores.map((score) => Math.min(Math.max((score - (inside + outside) / 2) / half, -1), 1));
  }
}

function centred(features, cells) {
  const result = Float32Array.from(features);
  for (let first = 0; first < result.length; first += cells) {
    const channel = result.subarray(first, first + cells);
    const mean = channel.reduce((sum, value) => sum + value, 0) / cells;
    for (let i = 0; i < cells; i++) channel[i] -= mean;
  }
  return result;
}

function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}

/** Of a covariance, so without pivoting. */
function inverse(covariance) {
  const size = covariance.length;
  const rows = covariance.map((row, i) => {
    const joined = new Float64Array(2 * size);
    joined.set(row);
    joined[size + i] = 1;
    return joined;
  });
  for (let i = 0; i < size; i++) {
    const pivot = rows[i][i];
    for (let j = 0; j < 2 * size; j++) rows[i][j] /= pivot;
    for (let k = 0; k < size; k++) {
      const factor = rows[k][i];
      if (k !== i) for (let j = 0; j < 2 * size; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row) => row.subarray(size));
}
