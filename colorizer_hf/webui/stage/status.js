// What is going on, and what went wrong.

import { element, part } from "./page.js";
import { state } from "./state.js";

let busyTimer = 0;

/** Say what is going on, or with "" that nothing is. Quick work is not worth a word. */
export function setBusy(text) {
  clearTimeout(busyTimer);
  state.busy = text !== "";
  element.dataset.busy = state.busy;
  busyTimer = setTimeout(() => {
    part("status").textContent = text;
    part("facts").hidden = state.busy;
  }, state.busy && state.shown ? 400 : 0);
}

export function showError(message) {
  setBusy("");
  part("error-text").textContent = message;
  part("error").hidden = false;
}

export function hideError() {
  part("error").hidden = true;
}

/** The line below the photo. */
export function describe(facts, notes) {
  part("facts").textContent = part("facts").title = facts;
  part("notes").textContent = notes;
}
