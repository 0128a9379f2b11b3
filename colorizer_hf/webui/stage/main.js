// The stage: one photo, its colours, and the hints a person paints on it.
//
// `start` is called once, with the other side (`Backend`). Places on the photo are shares [x, y] of its width
// and height, sizes are shares of its longer side; pixels of the screen occur only between a pointer and `View`.

import { drawAlternatives } from "./alternatives.js";
import { answers, connect, send, watch } from "./backend.js";
import { drawControls, wireControls } from "./controls.js";
import { onDraw, refresh, roomForPhoto } from "./drawing.js";
import { clearStrokes, redo, undo } from "./editing.js";
import { isUnsent, kept } from "./keeping.js";
import { drawLike, takeColorsOf, takePalette, wireLike } from "./like.js";
import { wireKeyboard } from "./keyboard.js";
import { element, fill, makeButton, mount, on, onFiles, part, TEXT_FIELD } from "./page.js";
import { drawPalette, wirePalette } from "./palette.js";
import {
  close, forgetOffered, goOn, isPicture, leave, openExample, openFile, pasteFromClipboard, pictureOf,
} from "./photos.js";
import { wirePointer } from "./pointer.js";
import { takeDownload, takeError, takePhoto, takeResult, takeStrokes } from "./results.js";
import { recall } from "./settings.js";
import { sharpen, takePart } from "./sharpness.js";
import { state, view } from "./state.js";
import { hideError, hideNotice, showError } from "./status.js";
import { peek, setTool, zoomBy } from "./tools.js";

const MAX_HINTS_FILE = 2e6; // bytes

async function loadHints([file]) {
  if (!file) return;
  if (file.size > MAX_HINTS_FILE) return showError(`${file.name} is too large to be a file of hints.`);
  send("load_hints", { text: await file.text() });
}

/** Draw the examples: first gray, later half in colour, by then perhaps with the keyboard's focus on one of them. */
function drawExamples() {
  const examples = answers().examples ?? [];
  const drawn = part("examples").querySelectorAll("img");
  if (drawn.length === examples.length) return examples.forEach(({ image }, n) => (drawn[n].src = image));
  fill(part("examples"), examples.map((example) => {
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
    const file = pictureOf(event.dataTransfer);
    if (file && part("like").contains(event.target)) takeColorsOf(file);
    else if (file) openFile(file);
  });
  // Without this a photo dropped beside the stage would replace the page, and all work with it.
  on(document, "dragover drop", (event) => hasFiles(event) && event.preventDefault());
  on(document, "paste", (event) => {
    const file = pictureOf(event.clipboardData);
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
    "tool-box": () => setTool("box"),
    undo, redo, clear: clearStrokes, "another-photo": close, "another-photo-menu": close,
    "error-dismiss": hideError, "notice-dismiss": hideNotice, "go-on": () => goOn(state.offered), forget: forgetOffered,
    "zoom-in": () => zoomBy(1.5), "zoom-out": () => zoomBy(1 / 1.5), "zoom-fit": () => zoomBy(0),
    "save-hints": () => send("save_hints"), "load-hints": () => part("load-hints-input").click(),
  };
  for (const [name, action] of Object.entries(actions)) on(part(name), "click", action);
  onFiles(part("load-hints-input"), loadHints);
  on(part("original"), "pointerdown", () => peek(true));
  on(part("original"), "pointerup pointerleave pointercancel blur keyup", () => peek(false));
  on(part("original"), "keydown", (event) => (event.key === " " || event.key === "Enter") && peek(true));
  on(document, "click", closeMenus);
}

/** A click beside a menu closes it, and so does one on a button in it. */
function closeMenus({ target }) {
  for (const menu of element.querySelectorAll("details.more[open]")) {
    if (!menu.contains(target) || target.closest("button")) menu.open = false;
  }
}

/** The layout follows the room there is; Gradio does not let container queries through. */
function wireSizes() {
  new ResizeObserver(() => {
    const width = element.clientWidth;
    element.dataset.width = width > 900 ? "wide" : width > 620 ? "medium" : "narrow";
    element.dataset.small = width <= 620 || innerHeight <= 520;
  }).observe(element);
  new ResizeObserver(() => {
    view.resize(roomForPhoto());
    refresh();
    sharpen();
  }).observe(part("picture"));
}

function wireAnswers() {
  const takers = {
    photo: takePhoto, result: takeResult, part: takePart, strokes: takeStrokes, palette: takePalette,
    download: takeDownload, error: takeError, examples: drawExamples,
  };
  for (const [prop, take] of Object.entries(takers)) watch(prop, take);
}

/** @param {import("./backend.js").Backend} backend */
export async function start(backend) {
  mount(backend.element);
  connect(backend);
  element.dataset.testid = "stage";
  recall();
  for (const draw of [drawPalette, drawControls, drawAlternatives, drawLike]) onDraw(draw);
  wireStart();
  wireDropAndPaste();
  wireTools();
  wirePalette();
  wireControls();
  wireLike();
  wirePointer();
  wireKeyboard();
  wireSizes();
  wireAnswers();
  on(element.closest("#stage") ?? element, "stage-open", ({ detail }) => openFile(detail)); // from the tab of many photos
  leave();
  // The page was loaded anew before an edit was answered: nobody wanted to leave.
  const record = isUnsent() && (await kept());
  if (record) goOn(record);
}
