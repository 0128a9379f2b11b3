// Points [x, y], in whatever unit.

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
export const between = (a, b, share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];

export function distanceToSegment(point, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / (dx * dx + dy * dy || 1);
  return distance(point, between(a, b, clamp(along, 0, 1)));
}

/** The polyline without the points that lie within `tolerance` of it (Ramer, Douglas and Peucker). */
export function simplify(points, tolerance) {
  const [first, last] = [points[0], points.at(-1)];
  let [farthest, most] = [0, 0];
  for (let i = 1; i < points.length - 1; i++) {
    const away = distanceToSegment(points[i], first, last);
    if (away > most) [farthest, most] = [i, away];
  }
  if (most <= tolerance) return points.length > 1 ? [first, last] : [first];
  const [head, tail] = [points.slice(0, farthest + 1), points.slice(farthest)];
  return [...simplify(head, tolerance).slice(0, -1), ...simplify(tail, tolerance)];
}
