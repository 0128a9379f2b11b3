// The colours to choose from: the palette, those used before, and what the model holds likely.

import { fill, makeButton, part } from "./page.js";
import { edited } from "./python.js";
import { forgetGesture, state } from "./state.js";

const MAX_RECENT = 6;

const PALETTE = [
  ["#e9bd9f", "light skin"], ["#c98f68", "tan skin"], ["#8a5638", "dark skin"], ["#c9606a", "lips"],
  ["#d0a868", "blond"], ["#6b4226", "dark wood"], ["#a8743f", "wood"], ["#a14a36", "brick"],
  ["#c0282d", "red"], ["#dba33a", "mustard"], ["#8fa84a", "grass"], ["#4f7a3a", "leaf"],
  ["#4c8f8b", "teal"], ["#86b6e0", "sky"], ["#2f4a80", "navy"], ["#8a6aa8", "lilac"], ["#8c8c8c", "gray, no colour"],
];

function makeSwatch(kind, color, label, onclick) {
  const swatch = makeButton("swatch", label, onclick);
  swatch.classList.add(kind);
  Object.assign(swatch.dataset, { kind, color: color ?? "" });
  swatch.setAttribute("aria-pressed", state.color === color);
  swatch.style.setProperty("--swatch", color ?? "transparent");
  return swatch;
}

export function drawColors() {
  const choose = (color) => () => chooseColor(color);
  fill(part("swatches"), [
    makeSwatch("ask", null, "No colour: choose one for each spot", choose(null)),
    ...PALETTE.map(([color, name]) => makeSwatch("palette", color, name, choose(color))),
    ...state.recent.map((color) => makeSwatch("recent", color, `${color}, used before`, choose(color))),
  ]);
}

export function drawSuggestions() {
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
export function chooseColor(color, suggested = false) {
  const { pending, last } = state;
  state.color = color;
  if (color && !PALETTE.some(([known]) => known === color)) {
    state.recent = [color, ...state.recent.filter((other) => other !== color)].slice(0, MAX_RECENT);
  }
  const recoloured = { ...(pending ?? last), color };
  const changed = color && (pending || (suggested && last && last.color !== color));
  if (changed) {
    state.strokes.commit([...(pending ? state.strokes.list : state.strokes.list.slice(0, -1)), recoloured]);
    forgetGesture();
    state.last = recoloured;
  }
  drawColors();
  drawSuggestions();
  if (changed) edited();
}
