// Colours like another photo: they are read once, then they belong to the edits, as strokes do.

import { answers, send, upload } from "./backend.js";
import { change } from "./editing.js";
import { on, onFiles, part } from "./page.js";
import { whyNot, whyNotSent } from "./photos.js";
import { state } from "./state.js";
import { setBusy, showError } from "./status.js";

let asked = {}; // path of the file whose colours were asked for, and id of the photo that is to get them
let uploading = new AbortController();

const slider = () => part("like-strength").querySelector("input");

/** Draw the field as `state` says. */
export function drawLike() {
  const { palette } = state.edits.now;
  const none = !palette;
  part("like-input").disabled = !state.shown;
  part("like-icon").toggleAttribute("hidden", !none); // no property of what is drawn as SVG
  for (const name of ["like-picture", "like-forget", "like-strength"]) part(name).hidden = none;
  part("like-name").textContent = part("like-name").title = palette?.name ?? "Choose or drop a photo";
  if (none) return;
  if (part("like-picture").getAttribute("src") !== palette.thumbnail) part("like-picture").src = palette.thumbnail;
  slider().value = palette.strength;
}

/** Use the colours of a photo; the picture stays as it is until they are known. */
export async function takeColorsOf(file) {
  if (!state.shown) return;
  const problem = whyNot(file);
  if (problem) return showError(problem);
  uploading.abort();
  uploading = new AbortController();
  const { signal } = uploading;
  const { id } = state;
  setBusy("Reading its colours…");
  try {
    const path = await upload(file, () => {}, signal);
    if (id !== state.id || signal.aborted) return;
    asked = { path, id };
    send("read_colors", { path, name: file.name });
  } catch (error) {
    if (id === state.id && !signal.aborted) showError(whyNotSent(file, error));
  }
}

export function takePalette() {
  const { palette } = answers();
  if (!palette || palette.path !== asked.path || state.id !== asked.id) return;
  asked = {};
  const { path, ...colors } = structuredClone(palette);
  change({ palette: { ...colors, strength: state.edits.now.palette?.strength ?? colors.strength } });
}

function forget() {
  change({ palette: null });
  part("like-input").focus({ preventScroll: true }); // the cross is gone
}

export function wireLike() {
  onFiles(part("like-input"), ([file]) => file && takeColorsOf(file));
  on(part("like-forget"), "click", forget);
  on(slider(), "input", ({ target }) => change({ palette: { ...state.edits.now.palette, strength: +target.value } }, "strength"));
  on(slider(), "change", () => state.edits.seal());
}
