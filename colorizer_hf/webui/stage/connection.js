// When the connection is away: what is done meanwhile waits, and is sent when it is back.
//
// After Gradio has lost a call it loads the page anew as soon as the server answers; the browser then goes on with what it
// kept (photos.js). Whatever was sent just before that would be cut off.

import { sendAgain } from "./backend.js";
import { on } from "./page.js";
import { fail } from "./photos.js";
import { state } from "./state.js";
import { sayAway, setBusy } from "./status.js";

const PATIENCE = 4000; // milliseconds until an answer is overdue
const PAUSE = 2000; // between two looks

const LOST = /Connection to the server was lost/; // what Gradio says when it will load the page anew

// What Gradio says when a call does not arrive, and how a person can understand it.
const PLAINLY = [
  [LOST, "The connection is away. What you do is kept, and sent when it is back."],
  [/Could not parse|SyntaxError|Connection errored|Failed to fetch|NetworkError|session not found/i,
    "The server could not take this now; try again in a moment."],
];

let away = false;
let leaving = false; // the page is about to be loaded anew

async function isThere() {
  try {
    return (await fetch(`${window.gradio_config?.root ?? ""}/gradio_api/app_id`, { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Wait until the connection is back, then say again what was not answered. */
async function wait() {
  if (away) return;
  away = true;
  do {
    sayAway();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  } while (!(await isThere()));
  away = false;
  if (leaving) return;
  if (!state.busy) return setBusy("");
  setBusy("Updating the colours…");
  sendAgain();
}

/** Look after the connection while an answer is overdue. */
async function look() {
  const { revision, busy } = state;
  await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  if (busy && state.busy && revision === state.revision && !away && !(await isThere())) wait();
  look();
}

/** Gradio could not hand a call on: the queue is full, or something between here and the server is broken. */
async function refused() {
  if (!leaving && (await isThere())) fail("The server could not take this now; try again in a moment.");
  else wait();
}

/** Put what Gradio says of its own troubles in plain words. */
function speakPlainly() {
  for (const text of document.querySelectorAll("[data-testid=toast-text]")) {
    if (LOST.test(text.textContent)) leaving = true;
    const plain = PLAINLY.find(([internal]) => internal.test(text.textContent));
    if (plain) text.textContent = plain[1];
  }
}

export function wireConnection(stage) {
  on(stage, "stage-failed", refused);
  on(window, "offline", () => state.id && wait());
  new MutationObserver(speakPlainly).observe(document.body, { childList: true, subtree: true });
  look();
}
