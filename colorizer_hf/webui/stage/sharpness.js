// How sharp the photo is: the backend is told how it is seen, and makes pictures with as many pixels as that takes. Zoomed in,
// this is a part of the photo, laid over the whole.

import { answers, send, urlOf } from "./backend.js";
import { refresh } from "./drawing.js";
import { after, afterPart, beforePart } from "./layer.js";
import { element } from "./page.js";
import { state, view } from "./state.js";

const SOFT = 1.25; // pixels of the screen per pixel of a picture: beyond, one sees that it has too few

/** Whether what is on the screen has too few pixels, and the photo has more. */
function isSoft() {
  const { photo, closer } = state;
  const { shown, seen } = view.onScreen;
  const wanted = Math.min(shown, Math.max(photo.width, photo.height));
  if (wanted <= Math.max(after.image.naturalWidth, after.image.naturalHeight) * SOFT) return false;
  const covered = closer && [0, 1].every((i) => closer.box[i] <= seen[i] && closer.box[i + 2] >= seen[i + 2]);
  return !covered || closer.scale * SOFT < wanted;
}

let sharpenTimer = 0;

/** Ask for a closer look if what is seen is soft. */
export function sharpen() {
  clearTimeout(sharpenTimer);
  if (!state.result || !state.photo || !isSoft()) return;
  element.dataset.sharp = false;
  sharpenTimer = setTimeout(askForPart, 200);
}

function askForPart() {
  const { result, busy, coming } = state;
  if (!result || busy || coming) return; // the next result brings it along
  const wanted = JSON.stringify([result.revision, view.onScreen]);
  if (wanted === state.asked) return;
  state.asked = wanted;
  send("closer");
}

export function takePart() {
  const { part: closer } = answers();
  if (closer && state.source && closer.revision === state.result?.revision) showCloser(closer);
}

/** Lay a part of the photo over the whole; null takes it away. */
export async function showCloser(closer) {
  state.closer = closer;
  if (!closer) return [beforePart, afterPart].forEach((layer) => layer.clear());
  const [left, top, right, bottom] = closer.box.map((share) => share * 100);
  const place = { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` };
  const arriving = [beforePart.show(urlOf(closer.before), place), afterPart.show(urlOf(closer.after), place)];
  const shown = await Promise.all(arriving).catch(() => [false]); // the whole photo is still there
  if (shown.every(Boolean)) element.dataset.sharp = !isSoft(); // a person may have zoomed on
  refresh();
}
