// What the backend answers, put on the stage.

import { answers, urlOf } from "./backend.js";
import { draw, frame, refresh } from "./drawing.js";
import { change } from "./editing.js";
import { clamp } from "./geometry.js";
import { keep, keepPhoto, markUnsent } from "./keeping.js";
import { after, before } from "./layer.js";
import { element } from "./page.js";
import { enter, fail, rescue } from "./photos.js";
import { sharpen, showCloser } from "./sharpness.js";
import { state, view } from "./state.js";
import { describe, hideError, setBusy, showError, tellNotes } from "./status.js";
import { adopt } from "./strokes.js";
import { setTool } from "./tools.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function takePhoto() {
  const { photo } = answers();
  const { coming } = state;
  if (!photo || photo.revision !== (coming ?? state).opened) return;
  if (coming) {
    enter(coming);
    setBusy("Finding colours…");
  }
  state.photo = photo;
  keepPhoto();
  const [width, height] = view.photo;
  if (photo.width * height === photo.height * width) view.photo = [photo.width, photo.height]; // zoomed in or not
  else frame(photo.width, photo.height);
  describe(`${photo.name} · ${photo.width} × ${photo.height}`, photo.notes);
  before.show(urlOf(photo.before)).then(refresh, () => fail("The photo could not be shown; open it again."));
}

export async function takeResult() {
  const { result } = answers();
  if (!result || !state.source || result.revision < Math.max(state.opened, state.result?.revision ?? 0)) return;
  if (result.alternatives) state.alternatives = result.alternatives;
  if (result.revision === state.revision) {
    state.suggestions = result.suggestions;
  }
  if (result.after !== state.result?.after) {
    element.dataset.sharp = false;
    state.arriving = after.show(urlOf(result.after));
    showCloser(result.part);
  }
  state.result = result;
  tellNotes(result.notes);
  refresh();
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
    markUnsent(false);
    keep(); // with a picture of how it looks now
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

export function takeStrokes() {
  const { strokes } = answers();
  if (!strokes || !state.source) return;
  setTool("brush");
  change({ strokes: adopt(structuredClone(strokes.strokes)) });
}

export function takeDownload() {
  const { download } = answers();
  if (!download) return;
  const link = document.createElement("a");
  Object.assign(link, { href: urlOf(download.path), download: download.name });
  document.body.append(link);
  link.click();
  link.remove();
  if (state.result) tellNotes([...state.result.notes, ...download.notes]);
}

export function takeError() {
  const { error } = answers();
  if (!error) return hideError();
  if (error.revision !== null && error.revision < (state.coming ?? state).opened) return; // of a photo that was put away
  if (error.lost && !state.source) return; // nobody misses it
  if (error.lost && !state.rescued) rescue();
  else fail(error.message);
}
