// What a pointer does from the moment it is pressed until it is let go.

import { boxAround, boxBetween } from "./boxes.js";
import { add, change, deselect, replace, select } from "./editing.js";
import { refresh } from "./drawing.js";
import { between, clamp, distance } from "./geometry.js";
import { after } from "./layer.js";
import { takeColor } from "./palette.js";
import { settings } from "./settings.js";
import { boxes, dropGesture, emptyHand, state, strokes, view } from "./state.js";
import { showError } from "./status.js";
import { eraseAt, find, MAX_STROKES, moved, put, strokeAt, tidy } from "./strokes.js";
import { setSplit } from "./tools.js";

const coarse = matchMedia("(pointer: coarse)");
const NEAR_LINE = 5; // CSS pixels within which a line is touched
const SLOP = 4; // CSS pixels that a touch may wander

const aspect = () => view.size.map((side) => side / view.longer);

/** The stroke that a touch there takes in hand: a dab, else a line. */
export function strokeUnder(point) {
  const near = (list, pixels) => strokeAt(list, view.toShare(point), pixels / view.longer, aspect());
  const dabs = strokes().filter(({ points }) => points.length === 1);
  return near(dabs, coarse.matches ? 18 : 9) ?? near(strokes(), NEAR_LINE);
}

/** Select a stroke by a touch, or move it: a dab at once, a line once it is selected. Across others one paints. */
function touch(stroke, start) {
  const movable = stroke.points.length === 1 || stroke.id === state.selected;
  const wasSelected = stroke.id === state.selected;
  let painting = null;
  const move = (point) => {
    if (painting) return painting.move(point);
    if (!state.draft && distance(point, start) < SLOP) return undefined;
    if (!movable) return (painting = paint(start))?.move(point);
    const [from, to] = [start, point].map((each) => view.toShare(each));
    state.draft = put(strokes(), moved(stroke, [to[0] - from[0], to[1] - from[1]]));
    return undefined;
  };
  const end = () => {
    if (painting) painting.end();
    else if (state.draft) putDown(stroke.id);
    else if (wasSelected) deselect();
    else select(stroke);
  };
  return { move, end, cancel: dropGesture };
}

/** The moved stroke is where it was to go. */
function putDown(id) {
  const { draft } = state;
  state.selected = id;
  state.touched = find(draft, id).points[0];
  replace(draft);
}

function paint(start) {
  if (strokes().length >= MAX_STROKES) {
    showError(`There is room for ${MAX_STROKES} strokes; undo or erase some.`);
    return null;
  }
  const onPhoto = (point) => view.toShare(point).map((share) => clamp(share, 0, 1));
  const radius = +(settings.size / 2 / view.longer).toFixed(5);
  const stroke = { color: state.color, reach: settings.reach, radius, points: [onPhoto(start)] };
  let last = start;
  const move = (point) => {
    if (distance(point, last) < 2) return;
    stroke.points.push(onPhoto(point));
    last = point;
  };
  state.live = stroke;
  return { move, end: () => add({ ...stroke, points: tidy(stroke.points, 0.75 / view.longer) }), cancel: dropGesture };
}

/** Draw a box, by dragging or from a corner to the next; a touch within one removes it. */
function frameThing(start) {
  const onPhoto = (point) => view.toShare(point).map((share) => clamp(share, 0, 1));
  const from = state.corner ?? onPhoto(start);
  let dragged = false;
  const move = (point) => {
    dragged ||= distance(point, start) >= SLOP;
    if (dragged) state.framing = boxBetween(onPhoto(start), onPhoto(point));
  };
  const end = () => {
    const box = dragged ? state.framing : boxBetween(from, onPhoto(start));
    const touched = dragged || state.corner ? null : boxAround(boxes(), from);
    const isCorner = !dragged && !state.corner && !touched;
    emptyHand();
    dropGesture();
    if (box) change({ boxes: [...boxes(), box] });
    else if (touched) change({ boxes: boxes().filter((each) => each !== touched) });
    else {
      state.corner = isCorner ? from : null;
      refresh();
    }
  };
  return { move, end, cancel: dropGesture };
}

/** Take the colour of the photo at a point. */
function pick(point) {
  const end = () => state.shown && takeColor(after.colorAt(view.toShare(point)));
  return { move: ([x, y]) => (point = [x, y]), end };
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
    if (state.picking) return pick(start);
    const stroke = strokeUnder(start);
    return stroke ? touch(stroke, start) : paint(start);
  },

  eraser(start) {
    const reach = Math.max(settings.size / 2, 6);
    const eraseUnder = (point) => {
      state.draft = eraseAt(state.draft, view.toShare(point), reach / view.longer, aspect());
    };
    let last = start;
    const move = (point) => {
      const steps = Math.ceil(distance(point, last) / reach);
      for (let step = 1; step <= steps; step++) eraseUnder(between(last, point, step / steps));
      last = point;
    };
    state.draft = strokes();
    eraseUnder(start);
    return { move, end: () => replace(state.draft), cancel: dropGesture };
  },

  box: frameThing,

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
