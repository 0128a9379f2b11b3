// What a person paints: strokes { id, color, reach, radius, points } with points in shares [x, y] of the photo's width
// and height and the radius as a share of its longer side. `color` is "#rrggbb" or null, which keeps the model's own;
// a stroke of one point is a dab. Lists and strokes are replaced, never changed.
//
// `aspect` turns shares of a side into shares of the longer side, in which all distances are given.

import { between, clamp, distance, distanceToSegment, simplify } from "./geometry.js";

export const REACHES = ["alike", "object", "spot"];
export const MAX_STROKES = 300;
const MAX_POINTS = 200; // of one stroke

const rounded = (point) => point.map((share) => +share.toFixed(5));

/** An id that no stroke of a list has. */
export const freshId = (list) => Math.max(0, ...list.map(({ id }) => id)) + 1;

/** Strokes from elsewhere, such as a file of hints, as they are kept here. */
export function adopt(strokes, list = []) {
  const first = freshId(list);
  return strokes.slice(0, MAX_STROKES).map((stroke, i) => ({ reach: "object", ...stroke, id: first + i }));
}

export const find = (list, id) => list.find((stroke) => stroke.id === id) ?? null;

export const without = (list, id) => list.filter((stroke) => stroke.id !== id);

/** The list with a stroke in the place of that of the same id, or at its end. */
export function put(list, stroke) {
  return find(list, stroke.id) ? list.map((each) => (each.id === stroke.id ? stroke : each)) : [...list, stroke];
}

/** A drawn line as it is kept and sent: few points, few digits. */
export function tidy(points, tolerance) {
  let simple = simplify(points, tolerance);
  while (simple.length > MAX_POINTS) simple = simplify(points, (tolerance *= 2));
  return simple.map(rounded);
}

/** The stroke moved by shares [x, y], as far as it then lies on the photo. */
export function moved(stroke, by) {
  const step = by.map((share, i) => {
    const places = stroke.points.map((point) => point[i]);
    return clamp(share, -Math.min(...places), 1 - Math.max(...places));
  });
  return { ...stroke, points: stroke.points.map((point) => rounded([point[0] + step[0], point[1] + step[1]])) };
}

const flatten = (aspect) => ([x, y]) => [x * aspect[0], y * aspect[1]];

/** How far a place is from a stroke's line. */
function away({ points }, place, aspect) {
  const flat = flatten(aspect);
  const from = (i) => flat(points[Math.max(i - 1, 0)]);
  return Math.min(...points.map((point, i) => distanceToSegment(flat(place), from(i), flat(point))));
}

/** The stroke at a place, the nearest and of equally near ones the newest; null if none is within `tolerance`. */
export function strokeAt(list, place, tolerance, aspect) {
  let [nearest, least] = [null, tolerance];
  for (const stroke of list) {
    const far = away(stroke, place, aspect);
    if (far <= least) [nearest, least] = [stroke, far];
  }
  return nearest;
}

/** The list without what an eraser of radius `reach` at a place takes of it; the same list if it takes nothing. */
export function eraseAt(list, place, reach, aspect) {
  let left = list;
  for (const stroke of list) {
    if (away(stroke, place, aspect) > reach) continue;
    const [first, ...more] = erase(stroke, place, reach, aspect);
    left = first ? put(left, first) : without(left, stroke.id);
    for (const piece of more) left = [...left, { ...piece, id: freshId(left) }];
  }
  return left;
}

/** The pieces that an eraser leaves of a stroke that it touches. */
function erase(stroke, place, reach, aspect) {
  const flat = flatten(aspect);
  const { points } = stroke;
  const from = (i) => points[Math.max(i - 1, 0)];
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
