// Opening a photo, and putting it away.

import { drawAlternatives } from "./alternatives.js";
import { frame, refresh } from "./drawing.js";
import { after, before } from "./layer.js";
import { element, part } from "./page.js";
import { send, tell, upload } from "./python.js";
import { nothing, state, view } from "./state.js";
import { describe, hideError, setBusy, showError } from "./status.js";
import { setTool } from "./tools.js";

const SHOWABLE = /^image\/(jpeg|png|webp|gif|bmp|avif)$/; // by every browser
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif)$/i;

export function isPicture(file) {
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

/** Say what went wrong with the photo that was to be shown; the one before stays, if there is one. */
export function fail(message) {
  showError(message);
  if (!state.photo) leave();
  if (!state.coming) return;
  setComing(null);
  tell();
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
export function enter(coming) {
  const byKeyboard = document.activeElement?.matches(":focus-visible");
  leave();
  Object.assign(state, coming);
  hideError();
  part("start").hidden = true;
  part("editor").hidden = false;
  frame(...view.photo);
  if (byKeyboard) part("picture").focus({ preventScroll: true });
}

/** Put everything of the photo away. */
export function leave() {
  setComing(null);
  Object.assign(state, nothing());
  state.opening++;
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

export async function openFile(file) {
  const problem = whyNot(file);
  if (problem) return fail(problem);
  begin({ file, source: null }, SHOWABLE.test(file.type) && !state.photo && URL.createObjectURL(file));
  setBusy("Sending the photo…");
  if (await sendFile()) open();
}

export function openExample(example) {
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
  frame(before.image.naturalWidth, before.image.naturalHeight);
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
    if (opening === state.opening) fail(`${file.name} ${what}; ${advice}.`);
    return false;
  }
}

/** The server no longer has the photo: give it again, with the strokes. */
export async function rescue() {
  state.rescued = true;
  setBusy("Opening the photo again…");
  if (!state.file || (await sendFile())) send("open");
}

export function close() {
  leave();
  send("close");
  part("drop-input").focus({ preventScroll: true });
}

export function fileOf(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.find(isPicture) ?? files[0];
}

export async function pasteFromClipboard() {
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
