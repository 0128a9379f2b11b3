// Shortcuts, and the photo without a mouse.

import { drawCursor, refresh } from "./drawing.js";
import { alter, deselect, redo, removeSelected, undo } from "./editing.js";
import { clamp } from "./geometry.js";
import { gestures, strokeUnder } from "./gestures.js";
import { element, on, part, TEXT_FIELD } from "./page.js";
import { setPicking, setSize } from "./palette.js";
import { settings } from "./settings.js";
import { sharpen } from "./sharpness.js";
import { active, state, view } from "./state.js";
import { moved } from "./strokes.js";
import { peek, setSplit, setTool, zoomBy } from "./tools.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHORTCUTS = {
  b: () => setTool("brush"),
  e: () => setTool("eraser"),
  c: () => setTool("compare"),
  x: () => !part("tool-box").hidden && setTool("box"),
  i: pipette,
  o: () => peek(true),
  "[": () => setSize(settings.size - 4),
  "]": () => setSize(settings.size + 4),
  "+": () => zoomBy(1.5),
  "=": () => zoomBy(1.5),
  "-": () => zoomBy(1 / 1.5),
  0: () => zoomBy(0), // as far out as it goes
  escape: letGo,
  delete: removeSelected,
  backspace: removeSelected,
};

let space = false;

function pipette() {
  setTool("brush");
  setPicking(true);
}

/** Close what is open, else put down what is in hand. */
function letGo() {
  const menu = element.querySelector("details.more[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (state.lifted || state.picking) {
    state.lifted = state.picking = false;
    state.edits.seal();
    refresh();
  } else if (active()) deselect();
}

/** Whether the space bar is held, with which one pans. */
export const spaceHeld = () => space;

function keyDown(event) {
  const at = (selector) => event.target.closest?.(selector);
  if (!state.source || !part("picture").clientWidth || event.altKey || at(TEXT_FIELD)) return;
  const key = event.key.toLowerCase();
  const withControl = event.ctrlKey || event.metaKey;
  const shortcut = withControl ? { z: event.shiftKey ? redo : undo, y: redo }[key] : SHORTCUTS[key];
  if (key === " " && !at("button, summary, input, a, label, [role]:not([role=application])")) space = true;
  if (shortcut || space) event.preventDefault(); // space would scroll the page
  shortcut?.();
}

/** Nothing is held any more: the window lost the keyboard. */
function releaseKeys() {
  space = false;
  peek(false);
}

function keyUp(event) {
  if (event.key === " ") space = false;
  if (event.key.toLowerCase() === "o") peek(false);
}

/** Arrow keys and Enter while the photo has the focus. */
function photoKey(event) {
  if (event.target !== part("picture") || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key]?.map((direction) => direction * (event.shiftKey ? 40 : 10));
  const painting = state.tool !== "compare" && state.photo;
  if (arrow && state.lifted) moveSelected(arrow);
  else if (arrow && painting) moveCrosshair(arrow);
  else if (arrow && view.zoom > 1) pan(-3 * arrow[0], -3 * arrow[1]);
  else if ((event.key === "Enter" || event.key === " ") && painting) {
    useTool();
  } else return;
  event.preventDefault();
  refresh();
}

function pan(dx, dy) {
  view.panBy(dx, dy);
  sharpen();
}

/** Use the tool at the crosshair; on the selected dab it lifts the dab, or puts it down. */
function useTool() {
  const stroke = active();
  if (state.tool === "brush" && !state.picking && stroke && stroke === strokeUnder(view.toPixels(state.crosshair))) {
    state.lifted = !state.lifted;
    state.edits.seal();
  } else gestures[state.tool](view.toPixels(state.crosshair))?.end();
}

function moveSelected([dx, dy]) {
  const stroke = active();
  const by = [dx / view.size[0], dy / view.size[1]];
  const { points } = moved(stroke, by);
  alter({ points }, "move");
  state.lifted = true;
  state.touched = state.crosshair = points[0];
  drawCursor(view.toPixels(state.crosshair), true);
}

function moveCrosshair([dx, dy]) {
  const [x, y] = view.toPixels(state.crosshair);
  const [left, top, right, bottom] = view.seen;
  const point = [clamp(x + dx, left, right - 1), clamp(y + dy, top, bottom - 1)];
  state.crosshair = view.toShare(point);
  drawCursor(point, true);
}

function dividerKey(event) {
  const { split } = state;
  const step = event.shiftKey ? 0.1 : 0.02;
  const target = {
    ArrowLeft: split - step, ArrowDown: split - step, ArrowRight: split + step, ArrowUp: split + step,
    PageDown: split - 0.1, PageUp: split + 0.1, Home: 0, End: 1,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  setSplit(target);
}

export function wireKeyboard() {
  on(part("picture"), "keydown", photoKey);
  on(part("divider"), "keydown", dividerKey);
  on(document, "keydown", keyDown);
  on(document, "keyup", keyUp);
  on(window, "blur", releaseKeys);
}
