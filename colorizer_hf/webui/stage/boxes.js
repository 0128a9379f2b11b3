// Boxes around things: [left, top, right, bottom] in shares of the photo's width and height. Lists and boxes are
// replaced, never changed.

const LEAST = 0.005; // of a side
const rounded = (share) => +share.toFixed(5);

/** The box between two places of the photo; null if it is too thin to hold anything. */
export function boxBetween(one, other) {
  const [x, y] = [0, 1].map((axis) => [one[axis], other[axis]].sort((a, b) => a - b).map(rounded));
  return x[1] - x[0] < LEAST || y[1] - y[0] < LEAST ? null : [x[0], y[0], x[1], y[1]];
}

const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

/** The smallest box around a place; null if there is none. */
export function boxAround(list, [x, y]) {
  const around = list.filter(([left, top, right, bottom]) => left <= x && x <= right && top <= y && y <= bottom);
  return around.sort((a, b) => area(a) - area(b))[0] ?? null;
}
