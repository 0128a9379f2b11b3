// Distances along a grid of cells, where a step costs as much as its two cells differ: models/geodesic.py, by the same
// sweeps down and up the rows until nothing changes. Here one start after another is followed, cell by cell.
//
// Around the grid lies a margin of one cell that no path leads through, so that every cell has eight neighbours.

const NEIGHBOURS = ["right", "down", "downRight", "downLeft"];

/** Costs of steps, each kept with the cell whose right, lower, lower right or lower left neighbour it leads to. */
export class Steps {
  constructor(h, w) {
    this.h = h;
    this.w = w;
    this.pitch = w + 2; // cells of a row, with the margin
    for (const name of NEIGHBOURS) this[name] = new Float64Array((h + 2) * this.pitch);
  }

  /**
   * @param {Float32Array} features Channel after channel of h x w cells. A step costs the root mean square difference of
   *   its two cells, times its length.
   * @param {number} h
   * @param {number} w
   * @param {{ free: number, least: number }} costs The difference up to which a step costs the least, and that least.
   * @returns {Steps}
   */
  static ofMap(features, h, w, { free, least }) {
    const cells = h * w;
    const channels = features.length / cells;
    const difference = (one, other) => {
      let squares = 0;
      for (let at = 0; at < features.length; at += cells) squares += (features[at + one] - features[at + other]) ** 2;
      return Math.sqrt(squares / channels);
    };
    const lengths = { right: 1, down: 1, downRight: Math.SQRT2, downLeft: Math.SQRT2 };
    const cost = (one, other) => Math.max(difference(one, other) - free, 0) + least;
    return new Steps(h, w).#fill((name, one, other) => lengths[name] * cost(one, other));
  }

  /** Times the mean of the weights of the two cells. */
  weighed(weights) {
    const mean = (one, other) => (weights[one] + weights[other]) / 2;
    return new Steps(this.h, this.w).#fill((name, one, other, i) => this[name][i] * mean(one, other));
  }

  /** @param {(name: string, one: number, other: number, i: number) => number} cost Of a step between two cells. */
  #fill(cost) {
    const { h, w, pitch } = this;
    for (const [name, across, down] of [["right", 1, 0], ["down", 0, 1], ["downRight", 1, 1], ["downLeft", -1, 1]]) {
      for (let y = 0; y < h - down; y++) {
        for (let x = Math.max(-across, 0); x < w - Math.max(across, 0); x++) {
          const i = (y + 1) * pitch + x + 1;
          this[name][i] = cost(name, y * w + x, (y + down) * w + x + across, i);
        }
      }
    }
    return this;
  }
}

/**
 * Length of the cheapest path to every cell.
 *
 * @param {Steps} steps
 * @param {Uint8Array} start 1 in the cells that paths begin in.
 * @param {number} farthest Of interest; cells that are farther away are as far as this.
 * @returns {Float64Array}
 */
export function geodesicDistances(steps, start, farthest) {
  const { h, w, pitch } = steps;
  const distances = new Float64Array((h + 2) * pitch).fill(Infinity);
  const begun = new Uint8Array(h + 2); // rows
  for (let y = 1; y <= h; y++) {
    for (let x = 1; x <= w; x++) distances[y * pitch + x] = start[(y - 1) * w + x - 1] ? 0 : farthest;
    begun[y] = start.subarray((y - 1) * w, y * w).includes(1) ? 1 : 0;
  }
  let changed = sweep(distances, steps, begun, true).map((row, y) => row | begun[y]);
  for (let down = false; changed.includes(1); down = !down) changed = sweep(distances, steps, changed, down);
  const result = new Float64Array(h * w);
  for (let y = 0; y < h; y++) result.set(distances.subarray((y + 1) * pitch + 1, (y + 1) * pitch + 1 + w), y * w);
  return result;
}

/**
 * Carry distances along and on from the rows that have changed before, all down or all up; in place.
 *
 * @returns {Uint8Array} 1 for rows that have changed now; what they lead to in the same direction has been followed.
 */
function sweep(distances, steps, before, down) {
  const { h } = steps;
  const now = new Uint8Array(h + 2);
  for (let n = 1; n <= h; n++) {
    const [y, last] = down ? [n, n - 1] : [h + 1 - n, h + 2 - n];
    if (before[y] || before[last] || now[last]) now[y] = (down ? rowDown : rowUp)(distances, steps, y);
  }
  return now;
}

function rowDown(distances, { w, pitch, right, down, downRight, downLeft }, y) {
  let changed = 0;
  for (let i = y * pitch + 1, above = i - pitch, end = i + w; i < end; i++, above++) {
    let least = distances[i - 1] + right[i - 1];
    least = Math.min(least, distances[above] + down[above], distances[above - 1] + downRight[above - 1]);
    least = Math.min(least, distances[above + 1] + downLeft[above + 1]);
    if (least < distances[i]) {
      distances[i] = least;
      changed = 1;
    }
  }
  return changed;
}

function rowUp(distances, { w, pitch, right, down, downRight, downLeft }, y) {
  let changed = 0;
  for (let i = y * pitch + w, below = i + pitch, end = i - w; i > end; i--, below--) {
    let least = distances[i + 1] + right[i];
    least = Math.min(least, distances[below] + down[i], distances[below + 1] + downRight[i]);
    least = Math.min(least, distances[below - 1] + downLeft[i]);
    if (least < distances[i]) {
      distances[i] = least;
      changed = 1;
    }
  }
  return changed;
}
