// What a person paints: strokes { color, radius, points } with points in shares [x, y] of the photo's width and height
// and the radius as a share of its longer side.

import { between, distance, distanceToSegment, simplify } from "./geometry.js";

export const MAX_STROKES = 300;
const MAX_POINTS = 200; // of one stroke

const rounded = (point) => point.map((share) => +share.toFixed(5));

/** A drawn line as it is kept and sent: few points, few digits. */
export function tidy(points, tolerance) {
  let simple = simplify(points, tolerance);
  while (simple.length > MAX_POINTS) simple = simplify(points, (tolerance *= 2));
  return simple.map(rounded);
}

/** What an eraser at `place` leaves of a stroke, as a list of strokes. `aspect` turns shares of a side into shares of
 * the longer side, in which the eraser's radius `reach` is given. */
export function erase(stroke, place, reach, aspect) {
  const flat = ([x, y]) => [x * aspect[0], y * aspect[1]];
  const { points } = stroke;
  const from = (i) => points[Math.max(i - 1, 0)];
  const missed = (point, i) => distanceToSegment(flat(place), flat(from(i)), flat(point)) > reach;
  if (points.every(missed)) return [stroke];
  const dense = points.flatMap((point, i) => {
    const steps = Math.ceil(distance(flat(from(i)), flat(point)) / (reach / 4)) || 1;
    return Array.from({ length: steps }, (_, step) => between(from(i), point, (step + 1) / steps));
  });
  const runs = [[]];
  for (const point of dense) {
    if (distance(flat(place), flat(point)) > reach) runs.at(-1).push(point);
    else if (runs.at(-1).length) runs.push([]);
  }
  return runs.filter((run) => run.length > 1).map((run) => ({ ...stroke, points: tidy(run, reach / 20) }));
}

/** The strokes that hold now, with the lists before and after them. Lists and strokes are replaced, never changed. */
export class Strokes {
  list = [];
  past = [];
  future = [];

  commit(list) {
    this.past.push(this.list);
    this.future = [];
    this.list = list;
  }

  undo() {
    return this.#move(this.past, this.future);
  }

  redo() {
    return this.#move(this.future, this.past);
  }

  #move(from, to) {
    if (!from.length) return false;
    to.push(this.list);
    this.list = from.pop();
    return true;
  }
}
