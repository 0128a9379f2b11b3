// Mouse, pen, fingers and wheel over the photo.

import { drawCursor, refresh } from "./drawing.js";
import { clamp } from "./geometry.js";
import { gestures, strokeUnder } from "./gestures.js";
import { spaceHeld } from "./keyboard.js";
import { on, part, TEXT_FIELD } from "./page.js";
import { sharpen } from "./sharpness.js";
import { state, view } from "./state.js";
import { zoomBy } from "./tools.js";

const fingers = new Map(); // pointer id -> where it is in the viewport
let gesture = null;
let lastScroll = 0;

function pointOf(event) {
  const box = part("picture").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function startGesture(event, point) {
  if (event.button === 1 || (spaceHeld() && event.button === 0)) return gestures.pan(point);
  if (event.button !== 0 || !state.photo || state.peek) return null;
  if (state.tool === "compare") {
    return view.zoom === 1 || event.target.closest(".divider") ? gestures.divide() : gestures.pan(point);
  }
  const onPhoto = view.toShare(point).every((share) => share >= 0 && share <= 1);
  return onPhoto ? gestures[state.tool](point) : null;
}

function pointerDown(event) {
  const point = pointOf(event);
  part("picture").setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, point);
  gesture?.cancel?.(); // a second finger: no dab was meant
  gesture = fingers.size === 1 ? startGesture(event, point) : fingers.size === 2 ? gestures.pinch(fingers) : null;
  drawCursor(fingers.size === 1 ? point : null);
  refresh();
}

/** A mouse leaves no focus on the photo or a button: the space bar, which pans, would press the button again. */
function keepFocus(event) {
  if (!event.target.closest("button, .viewport") || event.target.closest(".divider")) return;
  event.preventDefault();
  document.activeElement?.closest(TEXT_FIELD)?.blur(); // or the shortcuts would be typed there
}

/** Show what a press would do: the brush, or a dab that can be taken in hand. */
function hover(point) {
  const dab = state.tool === "brush" && !state.picking && strokeUnder(point);
  part("picture").dataset.over = dab ? "dab" : state.picking ? "pipette" : "";
  drawCursor(dab || state.picking ? null : point);
}

function pointerMove(event) {
  if (!fingers.has(event.pointerId)) {
    if (event.pointerType !== "touch") hover(pointOf(event));
    return;
  }
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const each of moves.length ? moves : [event]) {
    fingers.set(event.pointerId, pointOf(each));
    gesture?.move(pointOf(each));
  }
  if (fingers.size === 1) drawCursor(pointOf(event));
  refresh();
}

function pointerUp(event) {
  if (!fingers.delete(event.pointerId)) return;
  if (event.type === "pointercancel") gesture?.cancel?.();
  else gesture?.end?.();
  gesture = null; // a finger that is left does nothing more
  if (event.pointerType === "touch") drawCursor(null);
  refresh();
  sharpen();
}

function wheel(event) {
  const pinching = event.ctrlKey || event.metaKey;
  // Someone who scrolls the page past the photo, or zooms out of what is whole already, means the page.
  if (!pinching && (performance.now() - lastScroll < 250 || (event.deltaY > 0 && view.zoom === 1))) return;
  event.preventDefault();
  const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
  zoomBy(Math.exp(-clamp(pixels, -200, 200) * (pinching ? 0.01 : 0.002)), pointOf(event));
}

export function wirePointer() {
  const viewport = part("picture");
  on(viewport, "pointerdown", pointerDown);
  on(viewport, "pointermove", pointerMove);
  on(viewport, "pointerup pointercancel", pointerUp);
  on(viewport, "pointerleave blur", () => drawCursor(null));
  on(part("editor"), "mousedown", keepFocus);
  on(viewport, "touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  on(viewport, "wheel", wheel, { passive: false });
  on(window, "scroll", () => (lastScroll = performance.now()), { passive: true });
}
