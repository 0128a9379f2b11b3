// The stage: one photo, its colours, and the hints a person paints on it.
//
// Gradio runs this file once, as the body of a function with the arguments element, trigger, props, server, upload and
// watch (see gr.HTML). Python is told everything by `send` and answers by changing props, each of which is watched at
// the end of this file. Places on the photo are shares [x, y] of its width and height, sizes are shares of its longer
// side; pixels of the screen occur only between a pointer and `View`.

const MAX_STROKES = 300;
const MAX_POINTS = 200; // of one stroke
const MAX_HINTS_FILE = 2e6; // bytes
const MAX_RECENT = 6;
const BRUSH = [6, 120]; // least and greatest diameter in CSS pixels
const SOFT = 1.25; // device pixels per pixel of the preview: beyond, the full-size pictures are fetched
const SHOWABLE = /^image\/(jpeg|png|webp|gif|bmp|avif)$/; // by every browser
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif)$/i;
const TEXT_FIELD = "textarea, select, [contenteditable=''], [contenteditable=true], " +
  "input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=color], [type=file])";
const PALETTE = [
  ["#e9bd9f", "light skin"], ["#c98f68", "tan skin"], ["#8a5638", "dark skin"], ["#c9606a", "lips"],
  ["#d0a868", "blond"], ["#6b4226", "dark wood"], ["#a8743f", "wood"], ["#a14a36", "brick"],
  ["#c0282d", "red"], ["#dba33a", "mustard"], ["#8fa84a", "grass"], ["#4f7a3a", "leaf"],
  ["#4c8f8b", "teal"], ["#86b6e0", "sky"], ["#2f4a80", "navy"], ["#8a6aa8", "lilac"], ["#8c8c8c", "gray, no colour"],
];

const part = (name) => element.querySelector(`[data-testid="${name}"]`);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const between = (a, b, share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
const urlOf = (path) =>
  `${window.gradio_config?.root ?? ""}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// ---------------------------------------------------------------------------------------------------------- strokes

function distanceToSegment(point, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / (dx * dx + dy * dy || 1);
  return distance(point, between(a, b, clamp(along, 0, 1)));
}

/** The polyline without the points that lie within `tolerance` of it (Ramer, Douglas and Peucker). */
function simplify(points, tolerance) {
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

const rounded = (point) => point.map((share) => +share.toFixed(5));

/** A drawn line as it is kept and sent: few points, few digits. */
function tidy(points, tolerance) {
  let simple = simplify(points, tolerance);
  while (simple.length > MAX_POINTS) simple = simplify(points, (tolerance *= 2));
  return simple.map(rounded);
}

/** What an eraser at `place` leaves of a stroke, as a list of strokes. `aspect` turns shares of a side into shares of
 * the longer side, in which the eraser's radius `reach` is given. */
function erase(stroke, place, reach, aspect) {
  const flat = ([x, y]) => [x * aspect[0], y * aspect[1]];
  const { points } = stroke;
  const from = (i) => points[Math.max(i - 1, 0)];
  const missed = (point, i) => distanceToSegment(flat(place), flat(from(i)), flat(point)) > reach;
  if (points.every(missed)) return [stroke];
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

/** The strokes that hold now, with the lists before and after them. Lists and strokes are replaced, never changed. */
class Strokes {
  list = [];
  past = [];
  future = [];

  commit(list) {
    this.past.push(this.list);
    this.future = [];
    this.list = list;
  }

  undo() {
    return this.#move(this.past, this.future);
  }

  redo() {
    return this.#move(this.future, this.past);
  }

  #move(from, to) {
    if (!from.length) return false;
    to.push(this.list);
    this.list = from.pop();
    return true;
  }
}

// ------------------------------------------------------------------------------------------------- where the photo is

/** The photo's place within the viewport, in CSS pixels; zoom 1 fits it. */
class View {
  constructor(viewport) {
    this.viewport = viewport;
    this.setPhoto(3, 2);
  }

  setPhoto(width, height) {
    this.photo = [width, height];
    this.viewport.style.aspectRatio = `${width} / ${height}`;
    this.fit();
  }

  fit() {
    this.measure();
    this.zoom = 1;
    this.place([0.5, 0.5], this.box[0] / 2, this.box[1] / 2);
  }

  /** After a change of the viewport's size: what was in the middle stays there. */
  resize() {
    const middle = this.toShare([this.box[0] / 2, this.box[1] / 2]);
    this.measure();
    this.place(middle, this.box[0] / 2, this.box[1] / 2);
  }

  measure() {
    this.box = [this.viewport.clientWidth || 1, this.viewport.clientHeight || 1];
    this.scale = Math.min(this.box[0] / this.photo[0], this.box[1] / this.photo[1]);
  }

  get size() {
    return this.photo.map((side) => side * this.scale * this.zoom);
  }

  get longer() {
    return Math.max(...this.size);
  }

  get maxZoom() {
    return Math.max(8, 4 / this.scale);
  }

  zoomAt(factor, [x, y] = [this.box[0] / 2, this.box[1] / 2]) {
    const share = this.toShare([x, y]);
    this.zoom = clamp(this.zoom * factor, 1, this.maxZoom);
    if (this.zoom < 1.01) this.zoom = 1;
    this.place(share, x, y);
  }

  panBy(dx, dy) {
    this.place([0, 0], this.corner[0] + dx, this.corner[1] + dy);
  }

  /** Bring a place of the photo to a pixel, as far as the photo then fills the viewport. */
  place(share, x, y) {
    this.corner = this.size.map((size, i) => {
      const start = [x, y][i] - share[i] * size;
      return size <= this.box[i] ? (this.box[i] - size) / 2 : clamp(start, this.box[i] - size, 0);
    });
  }

  toShare(point) {
    return this.size.map((size, i) => (point[i] - this.corner[i]) / size);
  }

  toPixels(share) {
    return this.size.map((size, i) => this.corner[i] + share[i] * size);
  }

  /** Left, top, right and bottom of the part of the photo that is seen. */
  get seen() {
    const end = this.size.map((size, i) => Math.min(this.corner[i] + size, this.box[i]));
    return [...this.corner.map((start) => Math.max(start, 0)), ...end];
  }
}

/** One of the two pictures laid over each other. A new picture takes the old one's place when it is decoded. */
class Layer {
  #turn = 0;

  constructor(name) {
    this.image = part(name);
  }

  /** True when the picture is shown; false when another was asked for in the meantime. */
  async show(url) {
    const turn = ++this.#turn;
    const image = this.image.cloneNode();
    Object.assign(image, { src: url, hidden: false, className: "" });
    await image.decode().catch((error) => {
      if (turn === this.#turn) throw error;
    });
    if (turn !== this.#turn) return false;
    this.image.replaceWith(image);
    this.image = image;
    return true;
  }

  clear() {
    this.#turn++;
    this.image.hidden = true;
    this.image.removeAttribute("src");
  }
}

// ------------------------------------------------------------------------------------------------------------- state

const viewport = part("picture");
const view = new View(viewport);
const before = new Layer("before");
const after = new Layer("after");
let strokes = new Strokes();

/** What belongs to one photo. */
const nothing = () => ({
  file: null, // what the person gave, kept for when the server loses it
  source: null, // what Python is told of it
  photo: null, // the prop
  result: null, // the newest prop, perhaps not yet on the screen
  arriving: null, // promise of its picture
  shown: false, // there is a picture in colour
  revealing: false, // it is just being drawn over the gray one
  rescued: false, // the photo was given a second time, and no result has come since
  sharpened: null, // the result for which full-size pictures were asked for
  split: 0.5, // the divider's place in the part of the photo that is seen
  color: null,
  suggestions: null,
  touched: null,
});

const state = {
  ...nothing(),
  revision: 0, // of what was last sent
  opened: 0, // the revision that opened the photo; answers to earlier ones are for another photo
  coming: null, // file and source of the photo that is to replace the one shown, until the server has read it
  opening: 0, // counts photos, so that what belongs to an earlier one is noticed
  busy: false,
  tool: "compare",
  peek: false, // the original is shown
  recent: [], // colours
  size: 24, // diameter of the brush in CSS pixels
  crosshair: [0.5, 0.5],
  pending: null, // a stroke that waits for its colour
  last: null, // the stroke that was painted last, if nothing was done since
  live: null, // the stroke that is being painted
  draft: null, // the strokes while some are being erased
};

function forgetGesture() {
  state.pending = state.last = state.live = state.draft = null;
}

// ------------------------------------------------------------------------------------------------- talking to Python

function send(event, request = null) {
  if (["open", "edit", "choose"].includes(event)) state.revision++; // a result will come
  if (event === "open") (state.coming ?? state).opened = state.revision;
  tell(request);
  trigger(event);
}

function tell(request = null) {
  const { revision, coming, source, touched } = state;
  const edits = coming ? { photo: coming.source, strokes: [], touched: null } : { photo: source, strokes: strokes.list, touched };
  props.value = structuredClone({ revision, ...edits, request });
}

/** The strokes or the point last touched have changed. */
function edited() {
  setBusy("Updating the colours…");
  send("edit");
  refresh();
}

let busyTimer = 0;

/** Say what is going on, or with "" that nothing is. Quick work is not worth a word. */
function setBusy(text) {
  clearTimeout(busyTimer);
  state.busy = text !== "";
  element.dataset.busy = state.busy;
  busyTimer = setTimeout(() => {
    part("status").textContent = text;
    part("facts").hidden = state.busy;
  }, state.busy && state.shown ? 400 : 0);
}

function showError(message) {
  setBusy("");
  part("error-text").textContent = message;
  part("error").hidden = false;
  if (!state.photo) leave(); // nothing of it can be shown
  if (!state.coming) return;
  setComing(null); // the photo before stays
  tell();
}

function hideError() {
  part("error").hidden = true;
}

function takePhoto() {
  const { photo } = props;
  const { coming } = state;
  if (!photo || !(coming ?? state).source) return;
  if (coming) {
    enter(coming);
    setBusy("Finding colours…");
  }
  state.photo = photo;
  const [width, height] = view.photo;
  if (photo.width * height === photo.height * width) view.photo = [photo.width, photo.height];
  else view.setPhoto(photo.width, photo.height);
  view.resize();
  describe(`${photo.name} · ${photo.width} × ${photo.height}`, photo.notes.join(" "));
  before.show(urlOf(photo.before)).then(refresh, () => showError("The photo could not be shown; open it again."));
}

function describe(facts, notes) {
  part("facts").textContent = part("facts").title = facts;
  part("notes").textContent = notes;
}

async function takeResult() {
  const { result } = props;
  if (!result || !state.source || result.revision < Math.max(state.opened, state.result?.revision ?? 0)) return;
  if (result.alternatives) drawAlternatives(result.alternatives, result.revision);
  if (result.revision === state.revision) {
    state.suggestions = result.suggestions;
    drawSuggestions();
  }
  if (result.after !== state.result?.after) {
    element.dataset.full = false;
    state.arriving = after.show(urlOf(result.after));
  }
  state.result = result;
  try {
    if ((await state.arriving) && result === state.result) settle(result);
  } catch {
    if (result === state.result) showError("The picture could not be fetched; check the connection and try again.");
  }
}

/** A result's picture is on the screen. */
function settle({ revision }) {
  element.dataset.revision = revision;
  state.rescued = false;
  if (revision === state.revision) {
    setBusy("");
    hideError();
  }
  if (!state.shown) reveal();
  refresh();
  sharpen();
}

/** The first colours are drawn over the gray photo from the right. */
function reveal() {
  state.shown = state.revealing = true;
  const start = performance.now();
  const step = (now) => {
    if (!state.revealing) return; // a person has taken the divider
    const left = calm.matches ? 0 : 1 - clamp((now - start) / 900, 0, 1);
    state.split = 0.5 + left ** 3 / 2;
    state.revealing = left > 0;
    draw();
    if (state.revealing) requestAnimationFrame(step);
  };
  step(start);
}

let sharpenTimer = 0;

/** Ask for full-size pictures if the preview's pixels begin to show. */
function sharpen() {
  clearTimeout(sharpenTimer);
  sharpenTimer = setTimeout(() => {
    const { result, photo, busy, sharpened } = state;
    const width = after.image.naturalWidth;
    if (!result || !photo || busy || sharpened === result.after || photo.width <= width) return;
    if ((view.size[0] * devicePixelRatio) / width <= SOFT) return;
    state.sharpened = result.after;
    send("full");
  }, 200);
}

async function takeFull() {
  const { full } = props;
  if (!full || !state.source || full.revision !== state.result?.revision) return;
  const arriving = [before.show(urlOf(full.before)), after.show(urlOf(full.after))];
  const shown = await Promise.all(arriving).catch(() => [false]); // the preview is still there
  if (shown.every(Boolean)) element.dataset.full = true;
  refresh();
}

function takeStrokes() {
  if (!props.strokes || !state.source) return;
  strokes.commit(structuredClone(props.strokes.strokes).slice(0, MAX_STROKES));
  forgetGesture();
  setTool("brush");
  edited();
}

function takeDownload() {
  if (!props.download) return;
  const link = document.createElement("a");
  Object.assign(link, { href: urlOf(props.download.path), download: props.download.name });
  document.body.append(link);
  link.click();
  link.remove();
}

function takeError() {
  const { error } = props;
  if (!error) hideError();
  else if (error.lost && state.source && !state.rescued) rescue();
  else showError(error.message);
}

// --------------------------------------------------------------------------------------------------- opening a photo

function isPicture(file) {
  return file.type.startsWith("image/") || PICTURE_NAME.test(file.name);
}

/** What is wrong with a file, if that can be told without the server. */
function whyNot(file) {
  if (!isPicture(file)) return `${file.name} is not a picture; choose a photo.`;
  const limit = window.gradio_config?.max_file_size ?? Infinity;
  if (file.size <= limit) return "";
  const megabytes = (bytes) => `${+(bytes / 2 ** 20).toFixed(1)} MB`;
  const [size, most] = [file.size, limit].map(megabytes);
  return `${file.name} has ${size}, and this page takes ${most} at most; choose a smaller file.`;
}

/** Meanwhile what is shown cannot be edited. */
function setComing(coming) {
  state.coming = coming;
  part("editor").inert = coming !== null;
}

/** Begin with a photo: at once if there is none, else when the server has read it. */
function begin(coming, previewUrl) {
  if (state.photo) {
    hideError();
    state.opening++;
    return setComing(coming);
  }
  enter(coming);
  if (previewUrl) preview(previewUrl);
}

/** Show the editor for a photo, as yet without colours. */
function enter(coming) {
  const byKeyboard = document.activeElement?.matches(":focus-visible");
  leave();
  Object.assign(state, coming);
  hideError();
  part("start").hidden = true;
  part("editor").hidden = false;
  view.fit();
  if (byKeyboard) viewport.focus({ preventScroll: true });
}

/** Put everything of the photo away. */
function leave() {
  setComing(null);
  Object.assign(state, nothing());
  state.opening++;
  strokes = new Strokes();
  before.clear();
  after.clear();
  setTool("compare");
  setBusy("");
  drawAlternatives([]);
  describe("", "");
  Object.assign(element.dataset, { revision: "", full: false });
  part("editor").hidden = true;
  part("start").hidden = false;
}

async function openFile(file) {
  const problem = whyNot(file);
  if (problem) return showError(problem);
  begin({ file, source: null }, SHOWABLE.test(file.type) && !state.photo && URL.createObjectURL(file));
  setBusy("Sending the photo…");
  if (await sendFile()) open();
}

function openExample(example) {
  begin({ file: null, source: { example: example.name } }, example.image);
  open();
}

function open() {
  setBusy("Finding colours…");
  send("open");
}

/** Something to look at until the server's picture of the photo is there. */
async function preview(url) {
  const shown = await before.show(url).catch(() => false); // the server may read what the browser cannot
  URL.revokeObjectURL(url);
  if (!shown) return;
  before.image.className = "grayed";
  view.setPhoto(before.image.naturalWidth, before.image.naturalHeight);
  refresh();
}

/** Upload the file; false when that failed or another photo was opened meanwhile. */
async function sendFile() {
  const { opening } = state;
  const target = state.coming ?? state;
  const { file } = target;
  try {
    const name = crypto.randomUUID?.() ?? String(Math.random()); // unguessable: the server's path is made of it
    const { path } = await upload(new File([file], name, { type: file.type }));
    if (opening !== state.opening) return false;
    target.source = { path, name: file.name };
    return true;
  } catch (error) {
    const tooLarge = /413|exceeds|too large/i.test(error);
    const [what, advice] = tooLarge
      ? ["is too large", "choose a smaller file"]
      : ["could not be sent", "check the connection and try again"];
    if (opening === state.opening) showError(`${file.name} ${what}; ${advice}.`);
    return false;
  }
}

/** The server no longer has the photo: give it again, with the strokes. */
async function rescue() {
  state.rescued = true;
  setBusy("Opening the photo again…");
  if (!state.file || (await sendFile())) send("open");
}

function close() {
  leave();
  send("close");
  part("drop-input").focus({ preventScroll: true });
}

function fileOf(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.find(isPicture) ?? files[0];
}

async function pasteFromClipboard() {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((name) => name.startsWith("image/"));
      if (type) return openFile(new File([await item.getType(type)], "pasted.png", { type }));
    }
    showError("There is no picture on the clipboard; copy one first.");
  } catch {
    showError("The browser did not allow a look at the clipboard; press Ctrl+V instead.");
  }
}

// ----------------------------------------------------------------------------------------------------------- drawing

let frame = 0;

/** Draw everything anew with the next frame of the screen. */
function refresh() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    draw();
  });
}

function draw() {
  const painting = state.tool !== "compare";
  const [width, height] = view.size;
  Object.assign(part("sheet").style, {
    width: `${width / view.zoom}px`,
    height: `${height / view.zoom}px`,
    transform: `translate(${view.corner[0]}px, ${view.corner[1]}px) scale(${view.zoom})`,
  });
  after.image.style.opacity = state.peek ? 0 : 1;
  Object.assign(viewport.dataset, { tool: state.tool, zoomed: view.zoom > 1 });
  drawDivider(!painting && !state.peek && state.shown);
  drawStrokes(painting && !state.peek);
  drawButtons();
}

function drawDivider(visible) {
  const divider = part("divider");
  const [left, top, right, bottom] = view.seen;
  const x = left + state.split * (right - left);
  divider.hidden = !visible;
  Object.assign(divider.style, { left: `${x}px`, top: `${top}px`, height: `${bottom - top}px` });
  divider.setAttribute("aria-valuenow", Math.round(state.split * 100));
  divider.setAttribute("aria-valuetext", `${Math.round(state.split * 100)} % original`);
  after.image.style.clipPath = visible ? `inset(0 0 0 ${view.toShare([x, 0])[0] * 100}%)` : "";
}

function drawButtons() {
  for (const tool of ["compare", "brush", "eraser"]) {
    part(`tool-${tool}`).setAttribute("aria-pressed", state.tool === tool);
  }
  part("original").setAttribute("aria-pressed", state.peek);
  part("undo").disabled = !strokes.past.length && !state.pending;
  part("redo").disabled = !strokes.future.length;
  part("clear").disabled = !strokes.list.length && !state.pending;
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
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of state.draft ?? strokes.list) drawStroke(pen, stroke);
  if (state.live) drawLive(pen, state.live);
  if (state.pending) drawPending(pen, state.pending);
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
function drawStroke(pen, { color, points }) {
  const extra = points.length === 1 ? 5 : 0;
  line(pen, points, "rgb(0 0 0 / 45%)", 5.5 + extra);
  line(pen, points, "white", 4.5 + extra);
  line(pen, points, color, 2.5 + extra);
}

/** The stroke under the pointer, as broad as it counts. */
function drawLive(pen, { color, radius, points }) {
  pen.globalAlpha = 0.55;
  line(pen, points, color ?? "white", Math.max(radius * view.longer * 2, 2));
  pen.globalAlpha = 1;
}

function drawPending(pen, { radius, points }) {
  pen.beginPath();
  if (points.length > 1) for (const point of points) pen.lineTo(...view.toPixels(point));
  else pen.arc(...view.toPixels(points[0]), Math.max(radius * view.longer, 7), 0, 2 * Math.PI);
  Object.assign(pen, { strokeStyle: "rgb(0 0 0 / 55%)", lineWidth: 4 });
  pen.stroke();
  Object.assign(pen, { strokeStyle: "white", lineWidth: 2 });
  pen.setLineDash([5, 4]);
  pen.stroke();
  pen.setLineDash([]);
}

/** The ring that shows the brush at a point of the viewport; with `cross` it is where the keyboard paints. */
function drawCursor(point, cross = false) {
  const cursor = part("cursor");
  cursor.hidden = !point || state.tool === "compare";
  if (cursor.hidden) return;
  const [x, y] = point.map((place) => place - state.size / 2);
  cursor.className = cross ? "cursor cross" : "cursor";
  Object.assign(cursor.style, {
    width: `${state.size}px`, height: `${state.size}px`, transform: `translate(${x}px, ${y}px)`,
  });
}

// ------------------------------------------------------------------------------------------------------------- tools

function setTool(tool) {
  state.tool = tool;
  forgetGesture();
  part("palette").hidden = tool === "compare";
  for (const row of element.querySelectorAll(".palette [data-tool]")) row.hidden = row.dataset.tool !== tool;
  drawCursor(null);
  drawColors();
  drawSuggestions();
  refresh();
}

function setSize(size) {
  state.size = clamp(size, ...BRUSH);
  part("brush-size").value = state.size;
}

function undo() {
  if (!state.pending && !strokes.undo()) return;
  forgetGesture();
  edited();
}

function redo() {
  if (!strokes.redo()) return;
  forgetGesture();
  edited();
}

function clearStrokes() {
  if (strokes.list.length) strokes.commit([]);
  forgetGesture();
  edited();
}

function zoomBy(factor, point) {
  view.zoomAt(factor, point);
  drawCursor(null);
  refresh();
  sharpen();
}

function setSplit(split) {
  state.revealing = false;
  state.split = clamp(split, 0, 1);
  refresh();
}

function peek(on) {
  state.peek = on;
  refresh();
}

/** A finished stroke: painted if there is a colour, else it waits for one. */
function finishStroke({ color, points, radius }) {
  const stroke = { color, radius: +radius.toFixed(5), points: tidy(points, 0.75 / view.longer) };
  forgetGesture();
  if (color) strokes.commit([...strokes.list, stroke]);
  state[color ? "last" : "pending"] = stroke;
  state.touched = stroke.points[0];
  state.suggestions = null;
  drawSuggestions();
  edited();
}

// Each takes the point of the viewport where it starts. `move` follows the pointer; `end` and `cancel` are optional.
const gestures = {
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
    if (strokes.list.length >= MAX_STROKES) {
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
      if (draft === strokes.list) return;
      strokes.commit(draft.slice(0, MAX_STROKES));
      edited();
    };
    state.draft = strokes.list;
    eraseAt(start);
    return { move, end, cancel: forgetGesture };
  },

  pinch() {
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

// -------------------------------------------------------------------------------------------------- pointer and wheel

const fingers = new Map(); // pointer id -> where it is in the viewport
let gesture = null;
let spaceHeld = false;
let lastScroll = 0;

function pointOf(event) {
  const box = viewport.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function startGesture(event, point) {
  if (event.button === 1 || (spaceHeld && event.button === 0)) return gestures.pan(point);
  if (event.button !== 0 || !state.photo || state.peek) return null;
  if (state.tool === "compare") {
    return view.zoom === 1 || event.target.closest(".divider") ? gestures.divide() : gestures.pan(point);
  }
  const onPhoto = view.toShare(point).every((share) => share >= 0 && share <= 1);
  return onPhoto ? gestures[state.tool](point) : null;
}

function pointerDown(event) {
  const point = pointOf(event);
  viewport.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, point);
  gesture?.cancel?.(); // a second finger: no dab was meant
  gesture = fingers.size === 1 ? startGesture(event, point) : fingers.size === 2 ? gestures.pinch() : null;
  drawCursor(fingers.size === 1 ? point : null);
  refresh();
}

/** A mouse leaves no focus on the photo or a button: the space bar, which pans, would press the button again. */
function keepFocus(event) {
  if (!event.target.closest("button, .viewport") || event.target.closest(".divider")) return;
  event.preventDefault();
  document.activeElement?.closest(TEXT_FIELD)?.blur(); // or the shortcuts would be typed there
}

function pointerMove(event) {
  if (!fingers.has(event.pointerId)) {
    if (event.pointerType !== "touch") drawCursor(pointOf(event));
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

// ---------------------------------------------------------------------------------------------------------- keyboard

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHORTCUTS = {
  b: () => setTool("brush"),
  e: () => setTool("eraser"),
  c: () => setTool("compare"),
  o: () => peek(true),
  "[": () => setSize(state.size - 4),
  "]": () => setSize(state.size + 4),
  "+": () => zoomBy(1.5),
  "=": () => zoomBy(1.5),
  "-": () => zoomBy(1 / 1.5),
  0: () => zoomBy(0), // as far out as it goes
};

function keyDown(event) {
  const at = (selector) => event.target.closest?.(selector);
  if (!state.source || !viewport.clientWidth || event.altKey || at(TEXT_FIELD)) return;
  const key = event.key.toLowerCase();
  const withControl = event.ctrlKey || event.metaKey;
  const shortcut = withControl ? { z: event.shiftKey ? redo : undo, y: redo }[key] : SHORTCUTS[key];
  if (key === "escape") part("more").open = false;
  if (key === " " && !at("button, summary, input, a, label, [role]:not([role=application])")) spaceHeld = true;
  if (shortcut || spaceHeld) event.preventDefault(); // space would scroll the page
  shortcut?.();
}

/** Nothing is held any more: the window lost the keyboard. */
function releaseKeys() {
  spaceHeld = false;
  peek(false);
}

function keyUp(event) {
  if (event.key === " ") spaceHeld = false;
  if (event.key.toLowerCase() === "o") peek(false);
}

/** Arrow keys and Enter while the photo has the focus. */
function photoKey(event) {
  if (event.target !== viewport || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key]?.map((direction) => direction * (event.shiftKey ? 40 : 10));
  const painting = state.tool !== "compare" && state.photo;
  if (arrow && painting) moveCrosshair(arrow);
  else if (arrow && view.zoom > 1) view.panBy(-3 * arrow[0], -3 * arrow[1]);
  else if ((event.key === "Enter" || event.key === " ") && painting) {
    gestures[state.tool](view.toPixels(state.crosshair))?.end();
  } else return;
  event.preventDefault();
  refresh();
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

// ------------------------------------------------------------------------------------------ colours and alternatives

/** Replace what a container holds; the focus stays at its place in the row. */
function fill(container, nodes) {
  const focused = [...container.children].indexOf(document.activeElement);
  container.replaceChildren(...nodes);
  if (focused >= 0) container.children[Math.min(focused, nodes.length - 1)]?.focus({ preventScroll: true });
}

function makeButton(testid, label, onclick, imageUrl) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: testid, title: label, onclick });
  button.dataset.testid = testid;
  button.setAttribute("aria-label", label);
  if (imageUrl) button.append(Object.assign(new Image(), { src: imageUrl, alt: "", draggable: false }));
  return button;
}

function makeSwatch(kind, color, label, onclick) {
  const swatch = makeButton("swatch", label, onclick);
  swatch.classList.add(kind);
  Object.assign(swatch.dataset, { kind, color: color ?? "" });
  swatch.setAttribute("aria-pressed", state.color === color);
  swatch.style.setProperty("--swatch", color ?? "transparent");
  return swatch;
}

function drawColors() {
  const choose = (color) => () => chooseColor(color);
  fill(part("swatches"), [
    makeSwatch("ask", null, "No colour: choose one for each spot", choose(null)),
    ...PALETTE.map(([color, name]) => makeSwatch("palette", color, name, choose(color))),
    ...state.recent.map((color) => makeSwatch("recent", color, `${color}, used before`, choose(color))),
  ]);
}

function drawSuggestions() {
  const likely = state.suggestions ?? [];
  fill(part("suggestions"), likely.map(({ color, share }) => {
    const percent = `${Math.round(share * 100)} %`;
    const swatch = makeSwatch("suggestion", color, `${color}, ${percent} likely`, () => chooseColor(color, true));
    swatch.dataset.share = percent;
    return swatch;
  }));
  const waiting = state.pending ? "Pick a colour for this spot" : "Likely here";
  part("suggestions-title").textContent = state.touched ? waiting : "Touch the photo where a colour is wrong";
}

/** A colour for the stroke that waits for one and for those to come; a suggestion also corrects the stroke before. */
function chooseColor(color, suggested = false) {
  const { pending, last } = state;
  state.color = color;
  if (color && !PALETTE.some(([known]) => known === color)) {
    state.recent = [color, ...state.recent.filter((other) => other !== color)].slice(0, MAX_RECENT);
  }
  const recoloured = { ...(pending ?? last), color };
  const changed = color && (pending || (suggested && last && last.color !== color));
  if (changed) {
    strokes.commit([...(pending ? strokes.list : strokes.list.slice(0, -1)), recoloured]);
    forgetGesture();
    state.last = recoloured;
  }
  drawColors();
  drawSuggestions();
  if (changed) edited();
}

function drawAlternatives(alternatives, revision = "") {
  part("others").hidden = !alternatives.length;
  part("alternatives").dataset.revision = revision;
  fill(part("alternatives"), alternatives.map((alternative) => {
    const { label, image, current } = alternative;
    const button = makeButton("alternative", label, () => takeAlternative(alternative), image);
    button.setAttribute("aria-pressed", current);
    button.append(label);
    return button;
  }));
}

function takeAlternative({ hint, vividness, current }) {
  if (current) return;
  if (hint) {
    const { x, y, color, radius } = hint;
    forgetGesture();
    strokes.commit([...strokes.list, { color, radius, points: [[x, y]] }]);
    edited();
  } else {
    setBusy("Updating the colours…");
    send("choose", { vividness });
  }
}

async function loadHints([file]) {
  if (!file) return;
  if (file.size > MAX_HINTS_FILE) return showError(`${file.name} is too large to be a file of hints.`);
  send("load_hints", { text: await file.text() });
}

// ------------------------------------------------------------------------------------------------------------ wiring

function on(target, events, listener, options) {
  for (const event of events.split(" ")) target.addEventListener(event, listener, options);
}

/** Call `take` with the files a person chooses, the same file twice as well. */
function onFiles(input, take) {
  on(input, "change", () => {
    const files = [...input.files];
    input.value = "";
    take(files);
  });
}

function drawExamples() {
  fill(part("examples"), (props.examples ?? []).map((example) => {
    const button = makeButton("example", `Example: ${example.label}`, () => openExample(example), example.image);
    button.dataset.name = example.name;
    return button;
  }));
}

function wireStart() {
  drawExamples();
  onFiles(part("drop-input"), ([file]) => file && openFile(file));
  part("paste").hidden = !navigator.clipboard?.read;
  on(part("paste"), "click", pasteFromClipboard);
}

function wireDropAndPaste() {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  on(element, "dragover", (event) => hasFiles(event) && (element.dataset.drop = true));
  on(element, "dragleave", (event) => element.contains(event.relatedTarget) || delete element.dataset.drop);
  on(element, "drop", (event) => {
    delete element.dataset.drop;
    const file = fileOf(event.dataTransfer);
    if (file) openFile(file);
  });
  // Without this a photo dropped beside the stage would replace the page, and all work with it.
  on(document, "dragover drop", (event) => hasFiles(event) && event.preventDefault());
  on(document, "paste", (event) => {
    const file = fileOf(event.clipboardData);
    if (!file || !isPicture(file) || !element.offsetParent || event.target.closest?.(TEXT_FIELD)) return;
    event.preventDefault();
    openFile(file);
  });
}

function wireTools() {
  const actions = {
    "tool-compare": () => setTool("compare"),
    "tool-brush": () => setTool("brush"),
    "tool-eraser": () => setTool("eraser"),
    undo, redo, clear: clearStrokes, "another-photo": close, "error-dismiss": hideError,
    "zoom-in": () => zoomBy(1.5), "zoom-out": () => zoomBy(1 / 1.5), "zoom-fit": () => zoomBy(0),
    "save-hints": () => send("save_hints"), "load-hints": () => part("load-hints-input").click(),
  };
  for (const [name, action] of Object.entries(actions)) on(part(name), "click", action);
  onFiles(part("load-hints-input"), loadHints);
  on(part("color-picker"), "change", (event) => chooseColor(event.target.value));
  on(part("brush-size"), "input", (event) => setSize(+event.target.value));
  on(part("original"), "pointerdown", () => peek(true));
  on(part("original"), "pointerup pointerleave pointercancel blur keyup", () => peek(false));
  on(part("original"), "keydown", (event) => (event.key === " " || event.key === "Enter") && peek(true));
  on(document, "click", (event) => event.target.closest?.("summary") || (part("more").open = false));
}

function wirePicture() {
  on(viewport, "pointerdown", pointerDown);
  on(viewport, "pointermove", pointerMove);
  on(viewport, "pointerup pointercancel", pointerUp);
  on(viewport, "pointerleave blur", () => drawCursor(null));
  on(part("editor"), "mousedown", keepFocus);
  on(viewport, "touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  on(viewport, "wheel", wheel, { passive: false });
  on(viewport, "keydown", photoKey);
  on(part("divider"), "keydown", dividerKey);
  on(window, "scroll", () => (lastScroll = performance.now()), { passive: true });
  on(document, "keydown", keyDown);
  on(document, "keyup", keyUp);
  on(window, "blur", releaseKeys);
}

/** The layout follows the room there is; Gradio does not let container queries through. */
function wireSizes() {
  new ResizeObserver(() => {
    const width = element.clientWidth;
    element.dataset.width = width > 900 ? "wide" : width > 620 ? "medium" : "narrow";
  }).observe(element);
  new ResizeObserver(() => {
    view.resize();
    refresh();
    sharpen();
  }).observe(viewport);
}

function wirePython() {
  const takers = {
    photo: takePhoto, result: takeResult, full: takeFull, strokes: takeStrokes,
    download: takeDownload, error: takeError, examples: drawExamples,
  };
  for (const [prop, take] of Object.entries(takers)) watch(prop, take);
  // The page tells so when the queue refused a call and Python therefore never heard of it.
  on(element.closest("#stage") ?? element, "stage-failed", (event) => showError(event.detail.message));
}

element.dataset.testid = "stage";
leave();
wireStart();
wireDropAndPaste();
wireTools();
wirePicture();
wireSizes();
wirePython();
