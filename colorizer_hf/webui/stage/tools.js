// What the buttons of the toolbar do.

import { drawColors, drawSuggestions } from "./colors.js";
import { drawCursor, refresh } from "./drawing.js";
import { clamp } from "./geometry.js";
import { element, part } from "./page.js";
import { edited } from "./python.js";
import { sharpen } from "./sharpness.js";
import { forgetGesture, state, view } from "./state.js";

const BRUSH = [6, 120]; // least and greatest diameter in CSS pixels

export function setTool(tool) {
  state.tool = tool;
  forgetGesture();
  part("palette").hidden = tool === "compare";
  for (const row of element.querySelectorAll(".palette [data-tool]")) row.hidden = row.dataset.tool !== tool;
  drawCursor(null);
  drawColors();
  drawSuggestions();
  refresh();
}

export function setSize(size) {
  state.size = clamp(size, ...BRUSH);
  part("brush-size").value = state.size;
}

export function undo() {
  if (!state.pending && !state.strokes.undo()) return;
  forgetGesture();
  edited();
}

export function redo() {
  if (!state.strokes.redo()) return;
  forgetGesture();
  edited();
}

export function clearStrokes() {
  if (state.strokes.list.length) state.strokes.commit([]);
  forgetGesture();
  edited();
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
