// What a pointer does from the moment it is pressed until it is let go.

import { drawSuggestions } from "./colors.js";
import { between, clamp, distance } from "./geometry.js";
import { edited } from "./python.js";
import { forgetGesture, state, view } from "./state.js";
import { showError } from "./status.js";
import { erase, MAX_STROKES, tidy } from "./strokes.js";
import { setSplit } from "./tools.js";

/** A finished stroke: painted if there is a colour, else it waits for one. */
function finishStroke({ color, points, radius }) {
  const stroke = { color, radius: +radius.toFixed(5), points: tidy(points, 0.75 / view.longer) };
  forgetGesture();
  if (color) state.strokes.commit([...state.strokes.list, stroke]);
  state[color ? "last" : "pending"] = stroke;
  state.touched = stroke.points[0];
  state.suggestions = null;
  drawSuggestions();
  edited();
}

// Each takes the point of the viewport where it starts, but for `pinch`: that takes a map of where both fingers are.
// `move` follows the pointer; `end` and `cancel` are optional.
export const gestures = {
  pan([x, y]) {
    const move = (point) => {
      view.panBy(point[0] - x, point[1] - y);
      [x, y] = point;
    };
    return { move };
  },

  divide() {
    const [left, , right] = view.seen;
    return { move: ([x]) => setSplit((x - left) / (right - left)) };
  },

  brush(start) {
    if (state.strokes.list.length >= MAX_STROKES) {
      showError(`There is room for ${MAX_STROKES} strokes; undo or erase some.`);
      return null;
    }
    const onPhoto = (point) => view.toShare(point).map((share) => clamp(share, 0, 1));
    const stroke = { color: state.color, radius: state.size / 2 / view.longer, points: [onPhoto(start)] };
    let last = start;
    const move = (point) => {
      if (distance(point, last) < 2) return;
      stroke.points.push(onPhoto(point));
      last = point;
    };
    state.live = stroke;
    return { move, end: () => finishStroke(stroke), cancel: forgetGesture };
  },

  eraser(start) {
    const reach = Math.max(state.size / 2, 6);
    const aspect = view.size.map((side) => side / view.longer);
    const eraseAt = (point) => {
      const left = state.draft.flatMap((stroke) => erase(stroke, view.toShare(point), reach / view.longer, aspect));
      if (left.length !== state.draft.length || left.some((stroke, i) => stroke !== state.draft[i])) state.draft = left;
    };
    let last = start;
    const move = (point) => {
      const steps = Math.ceil(distance(point, last) / reach);
      for (let step = 1; step <= steps; step++) eraseAt(between(last, point, step / steps));
      last = point;
    };
    const end = () => {
      const { draft } = state;
      forgetGesture();
      if (draft === state.strokes.list) return;
      state.strokes.commit(draft.slice(0, MAX_STROKES));
      edited();
    };
    state.draft = state.strokes.list;
    eraseAt(start);
    return { move, end, cancel: forgetGesture };
  },

  pinch(fingers) {
    const measure = () => {
      const [a, b] = fingers.values();
      return { middle: between(a, b, 0.5), spread: distance(a, b) || 1 };
    };
    let last = measure();
    const move = () => {
      const now = measure();
      view.panBy(now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
      view.zoomAt(now.spread / last.spread, now.middle);
      last = now;
    };
    return { move };
  },
};
