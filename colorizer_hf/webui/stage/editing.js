// Changing the strokes and the vividness: each change can be undone, is kept by the browser, and is sent.

import { send } from "./backend.js";
import { refresh } from "./drawing.js";
import { keep, markUnsent } from "./keeping.js";
import { active, ASK, emptyHand, state, strokes } from "./state.js";
import { setBusy } from "./status.js";
import { find, freshId, put, without } from "./strokes.js";

/** What holds now is not what was sent last. */
export function edited() {
  setBusy("Updating the colours…");
  keep();
  markUnsent(true);
  send("edit");
  refresh();
}

/** Go on to other strokes or another vividness; see `History.commit` for `kind`. */
export function change(edits, kind = null) {
  state.edits.commit({ ...state.edits.now, ...edits }, kind);
  edited();
}

/** Ask which colours are likely at a stroke. */
function touch(stroke) {
  state.touched = stroke.points[0];
  state.suggestions = null;
}

/** Take a new stroke: it counts if it has a colour, else it waits for one. */
export function add(stroke) {
  const numbered = { ...stroke, id: freshId(strokes()) };
  emptyHand();
  touch(numbered);
  if (stroke.color === ASK) {
    state.pending = numbered;
    edited(); // which colours are likely there
  } else {
    state.last = numbered.id;
    change({ strokes: put(strokes(), numbered) });
  }
}

/** Have a stroke in hand: what is chosen now changes it. */
export function select(stroke) {
  emptyHand();
  state.selected = stroke.id;
  state.crosshair = stroke.points[0];
  touch(stroke);
  edited();
}

/** Have no stroke in hand. */
export function deselect() {
  emptyHand();
  refresh();
}

/** Change the stroke in hand; it stays there. */
export function alter(changes, kind = null) {
  const stroke = { ...active(), ...changes };
  if (stroke.color === ASK) {
    state.pending = stroke;
    return refresh();
  }
  emptyHand();
  state.selected = stroke.id;
  change({ strokes: put(strokes(), stroke) }, kind);
}

/** Put other strokes in the place of all; of the one in hand another version may be among them. */
export function replace(list) {
  const { selected } = state;
  emptyHand();
  if (list === strokes()) return refresh();
  if (find(list, selected)) state.selected = selected;
  change({ strokes: list });
}

export function remove(id) {
  replace(without(strokes(), id));
}

export function removeSelected() {
  if (state.selected !== null) remove(state.selected);
}

/** A colour for the stroke in hand, else for those to come; a suggestion also corrects the stroke painted last. */
export function chooseColor(color, suggested = false) {
  state.picking = false;
  if (suggested && !active()) state.selected = state.last;
  const stroke = active();
  if (stroke && color === ASK) return deselect();
  if (!stroke) state.color = color;
  else if (color !== stroke.color) return alter({ color });
  refresh();
}

export function undo() {
  if (state.pending) return deselect();
  if (!state.edits.undo()) return;
  emptyHand();
  edited();
}

export function redo() {
  if (!state.edits.redo()) return;
  emptyHand();
  edited();
}

export function clearStrokes() {
  emptyHand();
  if (strokes().length) change({ strokes: [] });
  else refresh();
}
