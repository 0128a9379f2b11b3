// The brush's choices: colours, reach and size; and the strokes on the photo, to take one of them in hand again.

import { alter, chooseColor, remove, removeSelected, select } from "./editing.js";
import { refresh } from "./drawing.js";
import { clamp } from "./geometry.js";
import { nameOf, PALETTE } from "./names.js";
import { element, fill, makeButton, on, part } from "./page.js";
import { choose, settings } from "./settings.js";
import { active, ASK, state, strokes } from "./state.js";

const MAX_RECENT = 6;
const BRUSH = [6, 120]; // least and greatest diameter in CSS pixels
const REACH = { alike: "everything alike", object: "this thing", spot: "just here" };

let drawn = []; // what the palette shows

/** Draw the palette anew if something in it has changed. */
export function drawPalette() {
  const now = [state.tool, state.color, state.suggestions, state.edits.now, state.selected, state.pending,
    state.lifted, state.picking, state.recent, settings.reach, settings.size];
  if (now.every((value, i) => value === drawn[i])) return;
  drawn = now;
  part("palette").hidden = state.tool === "compare" || state.tool === "box";
  for (const row of element.querySelectorAll(".palette [data-tool]")) row.hidden = row.dataset.tool !== state.tool;
  drawSuggestions();
  drawColors();
  drawReach();
  drawDabs();
  part("brush-size").value = settings.size;
}

function makeSwatch(kind, color, label, onclick) {
  const swatch = makeButton("swatch", label, onclick);
  swatch.classList.add(kind);
  Object.assign(swatch.dataset, { kind, color: color ?? "" });
  swatch.setAttribute("aria-pressed", (active() ?? state).color === color);
  swatch.style.setProperty("--swatch", color?.startsWith("#") ? color : "transparent");
  return swatch;
}

function drawColors() {
  const take = (color) => () => takeColor(color);
  const { color } = active() ?? state;
  fill(part("swatches"), [
    makeSwatch("ask", ASK, "No colour: choose one for each spot", take(ASK)),
    makeSwatch("keep", null, "Keep what is here", take(null)),
    ...PALETTE.map(([each, name]) => makeSwatch("palette", each, name, take(each))),
    ...state.recent.map((each) => makeSwatch("recent", each, `${nameOf(each)}, used before`, take(each))),
  ]);
  const brush = part("brush-color");
  brush.dataset.kind = color === ASK ? "ask" : color === null ? "keep" : "color";
  brush.style.setProperty("--swatch", color?.startsWith("#") ? color : "transparent");
  part("brush-color-name").textContent = color === ASK ? ", asks for a colour" : `, ${nameOf(color)}`;
  part("pipette").setAttribute("aria-pressed", state.picking);
}

/** Take a colour of the palette, the photo or any other. */
export function takeColor(color) {
  if (color?.startsWith("#") && !PALETTE.some(([known]) => known === color)) {
    state.recent = [color, ...state.recent.filter((other) => other !== color)].slice(0, MAX_RECENT);
  }
  chooseColor(color);
}

function drawSuggestions() {
  const likely = state.suggestions ?? [];
  fill(part("suggestions"), likely.map(({ color, share, name }) => {
    const percent = `${Math.round(share * 100)} %`;
    const label = `${name ?? nameOf(color)}, ${percent} likely`;
    const swatch = makeSwatch("suggestion", color, label, () => chooseColor(color, true));
    swatch.dataset.share = percent;
    return swatch;
  }));
  part("suggestions-title").textContent = whatNext();
}

function whatNext() {
  if (state.picking) return "Touch the photo where it has the colour";
  if (state.lifted) return "Arrow keys move the dab, Enter puts it down";
  if (state.pending) return "Pick a colour for this spot";
  if (state.selected !== null) return "Likely here; any colour recolours the dab";
  return state.touched ? "Likely here" : "Touch the photo where a colour is wrong";
}

function drawReach() {
  const { reach } = active() ?? settings;
  part("reach-title").textContent = state.selected === null ? "A dab colours" : "This dab colours";
  for (const input of element.querySelectorAll("[data-testid=reach] input")) input.checked = input.value === reach;
}

function setReach(reach) {
  if (active()) alter({ reach });
  else choose({ reach });
  refresh();
}

/** A button for each stroke; the arrow keys go from one to the next. */
function drawDabs() {
  const list = strokes();
  part("dabs-title").textContent = list.length ? `Dabs on the photo: ${list.length}` : "No dabs on the photo yet";
  const at = Math.max(list.findIndex(({ id }) => id === state.selected), 0);
  fill(part("dabs"), list.map((stroke, i) => {
    const label = `Dab ${i + 1}: ${nameOf(stroke.color)}, ${REACH[stroke.reach]}`;
    const button = makeButton("dab", label, () => select(stroke));
    button.classList.toggle("kept", stroke.color === null);
    button.style.setProperty("--swatch", stroke.color ?? "transparent");
    button.setAttribute("aria-pressed", stroke.id === state.selected);
    button.tabIndex = i === at ? 0 : -1;
    return button;
  }));
  part("delete-dab").disabled = state.selected === null;
}

function dabKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  const stroke = strokes()[[...part("dabs").children].indexOf(event.target)];
  if (event.key === "Delete" || event.key === "Backspace") remove(stroke.id);
  else if (step) event.target[step < 0 ? "previousElementSibling" : "nextElementSibling"]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function setSize(size) {
  choose({ size: clamp(size, ...BRUSH) });
  refresh();
}

/** Have the next touch take the colour of the photo there, or not. */
export function setPicking(picking) {
  state.picking = picking;
  refresh();
}

export function wirePalette() {
  on(part("color-picker"), "change", (event) => takeColor(event.target.value));
  on(part("brush-size"), "input", (event) => setSize(+event.target.value));
  on(part("reach"), "change", (event) => setReach(event.target.value));
  on(part("pipette"), "click", () => setPicking(!state.picking));
  on(part("dabs"), "keydown", dabKey);
  on(part("delete-dab"), "click", removeSelected);
}
