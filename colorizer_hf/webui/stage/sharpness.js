// All pixels of the photo, for a person who zooms in.

import { refresh } from "./drawing.js";
import { after, before } from "./layer.js";
import { element } from "./page.js";
import { answers, send, urlOf } from "./python.js";
import { state, view } from "./state.js";

const SOFT = 1.25; // device pixels per pixel of the preview: beyond, the full-size pictures are fetched

let sharpenTimer = 0;

/** Ask for full-size pictures if the preview's pixels begin to show. */
export function sharpen() {
  clearTimeout(sharpenTimer);
  sharpenTimer = setTimeout(() => {
    const { result, photo, busy, coming, sharpened } = state;
    const width = after.image.naturalWidth;
    if (!result || !photo || busy || coming || sharpened === result.after || photo.width <= width) return;
    if ((view.size[0] * devicePixelRatio) / width <= SOFT) return;
    state.sharpened = result.after;
    send("full");
  }, 200);
}

export async function takeFull() {
  const { full } = answers();
  if (!full || !state.source || full.revision !== state.result?.revision) return;
  const arriving = [before.show(urlOf(full.before)), after.show(urlOf(full.after))];
  const shown = await Promise.all(arriving).catch(() => [false]); // the preview is still there
  if (shown.every(Boolean)) element.dataset.full = true;
  refresh();
}
