// Draws the stage as `state` and `view` say.

import { part } from "./page.js";
import { settings } from "./settings.js";
import { ASK, boxes, state, strokes, view } from "./state.js";

let nextFrame = 0;

/** Make room for a photo of this shape and fit it. */
export function frame(width, height) {
  part("picture").style.aspectRatio = `${width} / ${height}`;
  view.fit([width, height], roomForPhoto());
}

/** Width and height of the viewport in CSS pixels. */
export function roomForPhoto() {
  return [part("picture").clientWidth || 1, part("picture").clientHeight || 1];
}

/** Draw everything anew with the next frame of the screen. */
export function refresh() {
  nextFrame ||= requestAnimationFrame(() => {
    nextFrame = 0;
    draw();
  });
}

export function draw() {
  const painting = state.tool !== "compare";
  const [width, height] = view.size;
  Object.assign(part("sheet").style, {
    width: `${width / view.zoom}px`,
    height: `${height / view.zoom}px`,
    transform: `translate(${view.corner[0]}px, ${view.corner[1]}px) scale(${view.zoom})`,
  });
  part("after-side").style.opacity = state.peek ? 0 : 1;
  Object.assign(part("picture").dataset, { tool: state.tool, zoomed: view.zoom > 1 });
  drawDivider(!painting && !state.peek && state.shown);
  drawStrokes(painting && !state.peek);
  drawButtons();
  for (const also of others) also();
}

const others = [];

/** Call a function whenever everything is drawn anew. */
export function onDraw(also) {
  others.push(also);
}

function drawDivider(visible) {
  const divider = part("divider");
  const [left, top, right, bottom] = view.seen;
  const x = left + state.split * (right - left);
  divider.hidden = !visible;
  Object.assign(divider.style, { left: `${x}px`, top: `${top}px`, height: `${bottom - top}px` });
  divider.setAttribute("aria-valuenow", Math.round(state.split * 100));
  divider.setAttribute("aria-valuetext", `${Math.round(state.split * 100)} % original`);
  part("after-side").style.clipPath = visible ? `inset(0 0 0 ${view.toShare([x, 0])[0] * 100}%)` : "";
}

function drawButtons() {
  for (const tool of ["compare", "brush", "eraser", "box"]) {
    part(`tool-${tool}`).setAttribute("aria-pressed", state.tool === tool);
  }
  part("original").setAttribute("aria-pressed", state.peek);
  part("undo").disabled = !state.edits.past.length && !state.pending;
  part("redo").disabled = !state.edits.future.length;
  part("clear").disabled = !strokes().length && !state.pending;
  part("zoom-out").disabled = view.zoom <= 1;
  part("zoom-in").disabled = view.zoom >= view.maxZoom;
  part("zoom-fit").textContent = view.zoom > 1 ? `${+view.zoom.toFixed(1)}×` : "Fit";
}

function drawStrokes(visible) {
  const canvas = part("strokes");
  const pen = canvas.getContext("2d");
  const size = view.box.map((side) => Math.round(side * devicePixelRatio));
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  pen.clearRect(0, 0, ...view.box);
  if (!visible) return;
  if (state.tool === "box") drawBoxes(pen);
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of state.draft ?? strokes()) drawStroke(pen, stroke);
  if (state.live) drawLive(pen, state.live);
  if (state.pending) drawPending(pen, state.pending);
}

/** The boxes around things, with the one that is being drawn; of one that is begun its first corner. */
function drawBoxes(pen) {
  const all = state.framing ? [...boxes(), state.framing] : boxes();
  for (const [left, top, right, bottom] of all) {
    const [[x, y], [endX, endY]] = [view.toPixels([left, top]), view.toPixels([right, bottom])];
    pen.beginPath();
    pen.rect(x, y, endX - x, endY - y);
    outline(pen);
  }
  if (!state.corner) return;
  pen.beginPath();
  pen.arc(...view.toPixels(state.corner), 5, 0, 2 * Math.PI);
  outline(pen);
}

/** The path in white on dark, to be seen on any photo; the white may be dashed. */
function outline(pen, dashes = []) {
  Object.assign(pen, { strokeStyle: "rgb(0 0 0 / 55%)", lineWidth: 4 });
  pen.stroke();
  Object.assign(pen, { strokeStyle: "white", lineWidth: 2 });
  pen.setLineDash(dashes);
  pen.stroke();
  pen.setLineDash([]);
}

function line(pen, points, style, width) {
  pen.beginPath();
  for (const point of points) pen.lineTo(...view.toPixels(point));
  const [x, y] = view.toPixels(points.at(-1));
  pen.lineTo(x + 0.01, y); // else a single point would leave no dot
  Object.assign(pen, { strokeStyle: style, lineWidth: width });
  pen.stroke();
}

/** Thin, so that the picture's own colour is seen beside it; a dab is a dot. */
function drawStroke(pen, stroke) {
  const { id, color, points } = stroke;
  const extra = points.length === 1 ? 5 : 0;
  if (id === state.selected) drawSelection(pen, stroke);
  line(pen, points, "rgb(0 0 0 / 45%)", 5.5 + extra);
  line(pen, points, "white", 4.5 + extra);
  line(pen, points, color ?? "black", 2.5 + extra);
  if (color === null) line(pen, points, "white", 0.5 + extra); // hollow: it keeps what is there
}

/** What marks the stroke in hand: a band around it, dark and light, to be seen on any photo. */
function drawSelection(pen, { points }) {
  const extra = points.length === 1 ? 8 : 0;
  line(pen, points, "rgb(0 0 0 / 70%)", 17 + extra);
  line(pen, points, "white", 15 + extra);
  line(pen, points, "black", 11 + extra);
}

/** The stroke under the pointer, as broad as it counts. */
function drawLive(pen, { color, radius, points }) {
  pen.globalAlpha = 0.55;
  line(pen, points, color === null || color === ASK ? "white" : color, Math.max(radius * view.longer * 2, 2));
  pen.globalAlpha = 1;
}

function drawPending(pen, { radius, points }) {
  pen.beginPath();
  if (points.length > 1) for (const point of points) pen.lineTo(...view.toPixels(point));
  else pen.arc(...view.toPixels(points[0]), Math.max(radius * view.longer, 7), 0, 2 * Math.PI);
  outline(pen, [5, 4]);
}

/** The ring that shows the brush at a point of the viewport; with `cross` it is where the keyboard paints. */
export function drawCursor(point, cross = false) {
  const cursor = part("cursor");
  cursor.hidden = !point || state.tool === "compare" || (state.tool === "box" && !cross);
  if (cursor.hidden) return;
  const [x, y] = point.map((place) => place - settings.size / 2);
  cursor.className = cross ? "cursor cross" : "cursor";
  Object.assign(cursor.style, {
    width: `${settings.size}px`, height: `${settings.size}px`, transform: `translate(${x}px, ${y}px)`,
  });
}
