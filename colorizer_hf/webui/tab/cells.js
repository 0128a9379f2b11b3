// The cells of a network's output, as graphs take them: models/cells.py.

import { clamp } from "./numbers.js";

export const STRIDE = 4; // side of a cell in pixels of the network's input
const MOST_BLOCKS = 1600;

/** @typedef {[number, number]} Size Height and width of the network's input in pixels. */

/** Centres of cells, x and y from the photo's middle, whose longer side spans 2. */
export function cellPoints(h, w, [height, width]) {
  const points = new Float32Array(2 * h * w);
  const longer = Math.max(height, width);
  for (let y = 0, at = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      points[at++] = ((x + 0.5) * STRIDE * 2 - width) / longer;
      points[at++] = ((y + 0.5) * STRIDE * 2 - height) / longer;
    }
  }
  return points;
}

/** Points in [-1, 1], x and y of each, where the longer side spans 2. */
export function withAspect(points, [height, width]) {
  const aspect = [width, height].map((side) => Math.fround(side / Math.max(height, width)));
  return points.map((value, i) => value * aspect[i % 2]);
}

/** Side of a cell where the photo's longer side spans 2. */
export const cellSide = (size) => (2 * STRIDE) / Math.max(...size);

/** Bilinear weights that read a map of h x w cells at points in [-1, 1]: (points, h * w). */
export function samplingWeights(points, h, w, [height, width]) {
  const weights = new Float32Array((points.length / 2) * h * w);
  const place = (value, side, cells) => clamp((((value + 1) / 2) * side) / STRIDE - 0.5, 0, cells - 1);
  for (let k = 0; k < points.length / 2; k++) {
    const [x, y] = [place(points[2 * k], width, w), place(points[2 * k + 1], height, h)];
    for (let row = Math.floor(y); row <= Math.min(y + 1, h - 1); row++) {
      for (let column = Math.floor(x); column <= Math.min(x + 1, w - 1); column++) {
        weights[(k * h + row) * w + column] = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
      }
    }
  }
  return weights;
}

/**
 * Blocks of cells as matrices, row after row: means over them, and bilinear sampling back. Blocks are square, and as
 * small as they can be if there shall not be too many.
 */
export function blocksOf(h, w) {
  let side = 2;
  while (Math.ceil(h / side) * Math.ceil(w / side) > MOST_BLOCKS) side++;
  const [rows, columns] = [Math.ceil(h / side), Math.ceil(w / side)];
  const mean = (cells) => (block, cell) =>
    (Math.floor(cell / side) === block ? 1 / Math.min(side, cells - block * side) : 0);
  const between = (last) => (cell, block) =>
    Math.max(1 - Math.abs(clamp((cell + 0.5) / side - 0.5, 0, last) - block), 0);
  const turned = (weigh) => (one, other) => weigh(other, one);
  return {
    rows: matrix(rows, h, mean(h)),
    columns: matrix(w, columns, turned(mean(w))),
    spread_rows: matrix(h, rows, between(rows - 1)),
    spread_columns: matrix(columns, w, turned(between(columns - 1))),
  };
}

/** @returns {{ dims: [number, number], data: Float32Array }} */
function matrix(rows, columns, valueAt) {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => valueAt(Math.floor(i / columns), i % columns));
  return { dims: [rows, columns], data };
}
