// What is going on, and what went wrong.

import { element, part } from "./page.js";
import { state } from "./state.js";

let busyTimer = 0;

/** Say what is going on, or with "" that nothing is. Quick work is not worth a word. */
export function setBusy(text) {
  clearTimeout(busyTimer);
  state.busy = text !== "";
  element.dataset.busy = state.busy;
  busyTimer = setTimeout(() => say(text), state.busy && state.shown ? 400 : 0);
}

function say(text) {
  part("status").textContent = text;
  part("facts").hidden = text !== "";
}

/** Say how far something long is. */
export function setProgress(text, share) {
  say(`${text} ${Math.floor(share * 100)} %`);
}

/** Say that what goes on has to wait for the connection. */
export function sayAway() {
  clearTimeout(busyTimer);
  say("The connection is away. What you do is kept, and sent when it is back.");
}

export function showError(message) {
  setBusy("");
  part("error-text").textContent = message;
  part("error").hidden = false;
}

export function hideError() {
  part("error").hidden = true;
}

/** Say what happened, and how to take it back. */
export function showNotice(message, label, takeBack) {
  part("notice-text").textContent = message;
  Object.assign(part("notice-action"), { textContent: label, onclick: takeBack });
  part("notice").hidden = false;
}

export function hideNotice() {
  part("notice").hidden = true;
}

/** The lines below the photo. */
export function describe(facts, notes) {
  part("facts").textContent = part("facts").title = facts;
  tellNotes(notes);
}

/** What a person should know about how the photo was read, coloured and written. */
export function tellNotes(notes) {
  part("notes").textContent = notes.join(" ");
}
