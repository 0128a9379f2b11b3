// What the buttons of the toolbar do, but for those that change the edits (editing.js).

import { drawCursor, refresh } from "./drawing.js";
import { clamp } from "./geometry.js";
import { sharpen } from "./sharpness.js";
import { emptyHand, state, view } from "./state.js";

export function setTool(tool) {
  state.tool = tool;
  emptyHand();
  drawCursor(null);
  refresh();
}

export function zoomBy(factor, point) {
  view.zoomAt(factor, point);
  drawCursor(null);
  refresh();
  sharpen();
}

export function setSplit(split) {
  state.revealing = false;
  state.split = clamp(split, 0, 1);
  refresh();
}

export function peek(on) {
  state.peek = on;
  refresh();
}
