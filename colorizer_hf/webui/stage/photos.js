// Opening a photo, and putting it away.

import { mostBytes, send, tell, upload } from "./backend.js";
import { frame, refresh } from "./drawing.js";
import { History } from "./history.js";
import { fileOf, forget, kept, leaveTab, markUnsent } from "./keeping.js";
import { after, before } from "./layer.js";
import { element, part } from "./page.js";
import { showCloser } from "./sharpness.js";
import { emptyHand, nothing, state, view } from "./state.js";
import { describe, hideError, hideNotice, setBusy, setProgress, showError, showNotice } from "./status.js";
import { setTool } from "./tools.js";

const SHOWABLE = /^image\/(jpeg|png|webp|gif|bmp|avif)$/; // by every browser
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif)$/i;

let sending = new AbortController();

export function isPicture(file) {
  return file.type.startsWith("image/") || PICTURE_NAME.test(file.name);
}

/** What is wrong with a file, if that can be told at once. */
export function whyNot(file) {
  if (!isPicture(file)) return `${file.name} is not a picture; choose a photo.`;
  if (file.size <= mostBytes()) return "";
  const megabytes = (bytes) => `${+(bytes / 2 ** 20).toFixed(1)} MB`;
  const [size, most] = [file.size, mostBytes()].map(megabytes);
  return `${file.name} has ${size}, and this page takes ${most} at most; choose a smaller file.`;
}

export function whyNotSent(file, { tooLarge }) {
  const [what, advice] = tooLarge
    ? ["is too large", "choose a smaller file"]
    : ["could not be sent", "check the connection and try again"];
  return `${file.name} ${what}; ${advice}.`;
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

/** Begin with a photo: at once if there is none, else when it has been read. */
function begin(changes, previewUrl) {
  const coming = { ...nothing(), id: `${Date.now()}-${Math.random()}`, ...changes };
  sending.abort();
  sending = new AbortController();
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
  const replaced = state.photo && { id: state.id, name: state.name };
  clear();
  Object.assign(state, coming);
  hideError();
  part("start").hidden = true;
  part("editor").hidden = false;
  frame(...view.photo);
  if (byKeyboard) part("picture").focus({ preventScroll: true });
  if (replaced) showNotice(`${replaced.name} was put away.`, "Back to it", () => goBackTo(replaced.id));
}

/** Put everything of the photo away. */
function clear() {
  setComing(null);
  Object.assign(state, nothing());
  state.opening++;
  before.clear();
  after.clear();
  showCloser(null);
  emptyHand();
  setTool("compare");
  setBusy("");
  hideNotice();
  describe("", []);
  Object.assign(element.dataset, { revision: "", sharp: false });
  refresh();
}

/** Show the page as it is without a photo. */
export function leave() {
  clear();
  sending.abort();
  part("editor").hidden = true;
  part("start").hidden = false;
  offer();
}

export async function openFile(file) {
  const problem = whyNot(file);
  if (problem) return fail(problem);
  begin({ file, name: file.name }, SHOWABLE.test(file.type) && URL.createObjectURL(file));
  if (await sendFile()) open();
}

export function openExample(example) {
  begin({ name: example.name, source: { example: example.name } }, example.gray);
  open();
}

function open() {
  setBusy("Finding colours…");
  send("open");
}

/** Something to look at until the backend's picture of the photo is there. */
async function preview(url) {
  const shown = await before.show(url).catch(() => false); // the backend may read what this cannot
  URL.revokeObjectURL(url);
  if (!shown) return;
  frame(before.image.naturalWidth, before.image.naturalHeight);
  refresh();
}

/** Hand the file over; false when that failed or another photo was opened meanwhile. */
async function sendFile() {
  const { opening } = state;
  const target = state.coming ?? state;
  const { file } = target;
  const current = () => opening === state.opening;
  setBusy("Sending the photo…");
  try {
    const path = await upload(file, (share) => current() && setProgress("Sending the photo…", share), sending.signal);
    if (!current()) return false;
    target.source = { path, name: file.name };
    return true;
  } catch (error) {
    if (current()) fail(whyNotSent(file, error));
    return false;
  }
}

/** The backend no longer has the photo: give it again, with the strokes. */
export async function rescue() {
  state.rescued = true;
  setBusy("Opening the photo again…");
  if (!state.file || (await sendFile())) send("open");
}

export function close() {
  leave();
  leaveTab();
  state.opened = ++state.revision; // what is still answered is of the photo that was put away
  send("close");
  part("drop-input").focus({ preventScroll: true });
}

// ------------------------------------------------------------------------------------------- what the browser kept

/** Offer to go on with what was kept. */
export async function offer() {
  const record = await kept();
  if (state.id) return; // meanwhile a photo was opened
  state.offered = record;
  part("offer").hidden = !record;
  if (!record) return;
  part("offer-text").textContent = `Go on with ${record.name}?`;
  part("offer-picture").src = record.thumbnail || "data:,";
  part("offer-picture").hidden = !record.thumbnail;
}

/** Open a photo that was kept, with everything that was done to it. */
export async function goOn(record) {
  const { id, name, example, tool } = record;
  const file = example ? null : await fileOf(id);
  if (!example && !file) {
    await forget(id);
    return fail(`${name} is no longer kept here; open it again.`);
  }
  markUnsent(false);
  const source = example && { example };
  begin({ id, file, name, source, edits: History.unpack(record.edits) }, file && SHOWABLE.test(file.type) && URL.createObjectURL(file));
  if (!state.coming) setTool(tool);
  if (source || (await sendFile())) open();
}

async function goBackTo(id) {
  hideNotice();
  const record = await kept(id);
  if (record) goOn(record);
}

export async function forgetOffered() {
  await forget(state.offered.id);
  offer();
}

// ------------------------------------------------------------------------------------------------ drop and clipboard

export function pictureOf(transfer) {
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
