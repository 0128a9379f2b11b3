// Strokes to hints and hints to arrays: hints.py. A hint is { x, y, color, radius, reach } in pixels of the photo.

import { channelsOf, labOf } from "./color.js";
import { ColorizerError } from "./errors.js";
import { clamp, rounded } from "./numbers.js";

export const REACHES = ["alike", "object", "spot"];

const MAX_HINTS = 300; // of all strokes
const MAX_STROKES = 1000;
const MAX_POINTS = 20_000; // of all strokes together
const DEFAULT_RADIUS = 0.01; // share of the photo's longer side
const DEFAULT_REACH = "object";
const HEX_COLOR = /^#[0-9a-f]{6}$/i;

/**
 * @typedef {object} Hint
 * @property {number} x In pixels of the photo, as y and radius.
 * @property {number} y
 * @property {?string} color "#rrggbb"; null keeps what the network makes of the place.
 * @property {number} radius
 * @property {"alike" | "object" | "spot"} reach
 *
 * @typedef {{ width: number, height: number }} Size Of the photo.
 */

/**
 * Hints along the strokes, about a radius apart. Paint covers paint: where a later stroke of another colour or reach
 * passes, the hints of earlier ones go.
 *
 * @param {import("./session.js").Stroke[]} strokes In painting order; what is wrong with them is found here.
 * @param {Size} size
 * @returns {Hint[]}
 * @throws {ColorizerError} the strokes are malformed, or too many.
 */
export function strokesToHints(strokes, size) {
  check(strokes);
  const lines = strokes.map((stroke) => lineOf(stroke, size));
  // No finer than needed, so that the work stays bounded however long and thin the strokes are.
  const length = lines.reduce((sum, line) => sum + line.distances.at(-1), 0);
  const spacing = Math.max(1, length / (4 * MAX_HINTS));
  let hints = [];
  for (const line of lines) {
    hints = hints.filter((hint) => kindOf(hint) === kindOf(line) || !covers(line, [hint.x, hint.y]));
    const { color, radius, reach } = line;
    for (const [x, y] of sampled(line, Math.max(spacing, radius))) hints.push({ x, y, color, radius, reach });
  }
  return thinned(hints, Math.max(size.width, size.height));
}

function check(strokes) {
  if (strokes.length > MAX_STROKES) {
    throw new ColorizerError(`a photo can take ${MAX_STROKES} strokes, got ${strokes.length}; undo some`);
  }
  let points = 0;
  for (const stroke of strokes) {
    checkStroke(stroke);
    points += stroke.points.length;
  }
  if (points > MAX_POINTS) {
    throw new ColorizerError(`the strokes of a photo can have ${MAX_POINTS} points together; undo some strokes`);
  }
}

function checkStroke({ color, radius, points, reach = DEFAULT_REACH } = {}) {
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  if (color !== null && !HEX_COLOR.test(color)) throw new ColorizerError(`a hint's colour must be #rrggbb, got ${color}`);
  if (!REACHES.includes(reach)) throw new ColorizerError(`the reach of a hint must be alike, object or spot, got ${reach}`);
  if (!(radius >= 0 && radius <= 1)) {
    throw new ColorizerError(`the radius of a stroke must be 0 to 1 of the photo's longer side, got ${radius}`);
  }
  if (!Array.isArray(points) || !points.length || !points.every(isPoint)) {
    throw new ColorizerError("the points of a stroke must be a list of at least one [x, y]");
  }
}

const kindOf = ({ color, reach }) => `${color} ${reach}`;

/** A stroke in pixels of its photo, with the distance of each corner from its start along it. */
function lineOf({ color, radius, points, reach = DEFAULT_REACH }, { width, height }) {
  const corners = points.map(([x, y]) =>
    [clamp(x * width - 0.5, 0, width - 1), clamp(y * height - 0.5, 0, height - 1)]); // pixel centres lie at halves
  const distances = [0];
  for (let i = 1; i < corners.length; i++) {
    const [one, other] = [corners[i - 1], corners[i]];
    distances.push(distances[i - 1] + Math.hypot(other[0] - one[0], other[1] - one[1]));
  }
  return { color: color && color.toLowerCase(), radius: radius * Math.max(width, height), reach, corners, distances };
}

/** Points at equal distances of about `spacing` from the line's start to its end; one if it is short. */
function sampled({ corners, distances }, spacing) {
  const length = distances.at(-1);
  const count = rounded(length / spacing);
  const places = [];
  for (let i = 0, corner = 0; i <= count; i++) {
    const at = i && i === count ? length : (i * length) / (count || 1);
    while (corner < corners.length - 1 && distances[corner + 1] <= at) corner++;
    const [from, to] = [corners[corner], corners[Math.min(corner + 1, corners.length - 1)]];
    const share = from === to ? 0 : (at - distances[corner]) / (distances[corner + 1] - distances[corner]);
    places.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
  }
  return places;
}

function covers({ corners, radius }, [x, y]) {
  for (let i = Math.min(1, corners.length - 1); i < corners.length; i++) {
    const [from, to] = [corners[Math.max(i - 1, 0)], corners[i]];
    const step = [to[0] - from[0], to[1] - from[1]];
    const length = Math.max(step[0] ** 2 + step[1] ** 2, 1e-12);
    const along = clamp(((x - from[0]) * step[0] + (y - from[1]) * step[1]) / length, 0, 1);
    if ((x - from[0] - along * step[0]) ** 2 + (y - from[1] - along * step[1]) ** 2 <= radius ** 2) return true;
  }
  return false;
}

/** As many as there may be: one of each kind in every square of a grid, as fine as it can be. */
function thinned(hints, longer) {
  let few = hints;
  for (let cell = longer / 256; few.length > MAX_HINTS; cell *= 1.25) {
    if (cell > longer) {
      throw new ColorizerError(`a photo can take hints of ${MAX_HINTS} colours, got ${few.length}; use fewer`);
    }
    const squareOf = ({ x, y }) => `${Math.floor(x / cell)} ${Math.floor(y / cell)}`;
    few = [...new Map(hints.map((hint) => [`${kindOf(hint)} ${squareOf(hint)}`, hint])).values()];
  }
  return few;
}

/**
 * @typedef {object} HintArrays Hints as numbers, which do not depend on the photo's size.
 * @property {number} count
 * @property {Float32Array} points x and y of each in [-1, 1].
 * @property {Float32Array} chroma a and b / 110 of each.
 * @property {Float32Array} radius As a share of the photo's longer side.
 * @property {string[]} reach
 * @property {Uint8Array} keep 1 holds the network's own colour.
 */

/** @returns {HintArrays} */
export function hintsToArrays(hints, { width, height }) {
  return {
    count: hints.length,
    points: Float32Array.from(hints.flatMap(({ x, y }) => [((x + 0.5) / width) * 2 - 1, ((y + 0.5) / height) * 2 - 1])),
    chroma: Float32Array.from(hints.flatMap(({ color }) => labOf(...channelsOf(color ?? "#808080")).slice(1))),
    radius: Float32Array.from(hints, ({ radius }) => radius / Math.max(width, height)),
    reach: hints.map(({ reach }) => reach),
    keep: Uint8Array.from(hints, ({ color }) => (color === null ? 1 : 0)),
  };
}

/** A hint as a stroke of one point. */
export function strokeOf({ x, y, color, radius, reach }, { width, height }) {
  if (!(x >= 0 && x < width && y >= 0 && y < height)) {
    throw new ColorizerError(`the hint at (${x}, ${y}) lies outside the photo of ${width} x ${height} pixels`);
  }
  const point = [Math.min((x + 0.5) / width, 1), Math.min((y + 0.5) / height, 1)];
  return { color, radius: Math.min(radius / Math.max(width, height), 1), points: [point], reach };
}

/** The hints of strokes as the package writes them to a file, with the size of their photo. */
export function hintsToJson(strokes, { width, height }) {
  return JSON.stringify({ width, height, hints: strokesToHints(strokes, { width, height }) }, null, 2);
}

/**
 * The hints of such a file as strokes, for a photo of any size.
 *
 * @returns {import("./session.js").Stroke[]}
 * @throws {ColorizerError} there are none in it.
 */
export function strokesOfJson(text, { width, height }) {
  const problem = new ColorizerError("This file has no hints for the photo; choose one that was saved here");
  try {
    const saved = JSON.parse(text);
    const [scaleX, scaleY] = [width / saved.width, height / saved.height];
    const strokes = saved.hints.map(({ x, y, color, radius = null, reach = DEFAULT_REACH }) => strokeOf({
      x: x * scaleX + (scaleX - 1) / 2, // pixel centres lie at halves
      y: y * scaleY + (scaleY - 1) / 2,
      color,
      radius: radius === null ? DEFAULT_RADIUS * Math.max(width, height) : radius * Math.max(scaleX, scaleY),
      reach,
    }, { width, height }));
    check(strokes);
    return strokes;
  } catch {
    throw problem;
  }
}
