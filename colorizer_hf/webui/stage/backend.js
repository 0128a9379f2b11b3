// Talking to what reads and colours photos: Python on a server, or a worker of this tab. `send` says everything at once,
// the answers are properties (main.js watches them).

import { settings } from "./settings.js";
import { state, view } from "./state.js";

/** What `start` is given: all that the stage knows of the other side.
 *
 * @typedef {object} Backend
 * @property {HTMLElement} element Holds stage.html.
 * @property {object} props The newest properties; `value` is what the stage says.
 * @property {(event: string) => void} trigger Have the other side act upon `props.value`: "open", "edit", "closer",
 *   "save_photo", "save_hints", "load_hints", "read_colors" or "close".
 * @property {(property: string, take: () => void) => void} watch Call `take` whenever a property is answered.
 * @property {(file: File, onProgress: (share: number) => void, signal: AbortSignal) => Promise<string>} upload Hand over
 *   a file; gives the path by which events name it. What it throws says in `tooLarge` whether that was the reason.
 * @property {(path: string) => string} urlOf The address of a file that an answer names.
 * @property {number} mostBytes Of a file that is handed over.
 */

const ANSWERED = ["open", "edit"]; // by a result

/** @type {Backend} */
let backend = null;
let asked = "edit"; // the last of those events

export function connect(other) {
  backend = other;
}

/** The newest properties. */
export const answers = () => backend.props;

export const watch = (property, take) => backend.watch(property, take);

export const urlOf = (path) => backend.urlOf(path);

export const upload = (file, onProgress, signal) => backend.upload(file, onProgress, signal);

export const mostBytes = () => backend.mostBytes;

export function send(event, request = null) {
  if (ANSWERED.includes(event)) {
    state.revision++;
    asked = event;
  }
  if (event === "open") (state.coming ?? state).opened = state.revision;
  tell(request);
  backend.trigger(event);
}

/** Say once more what has not been answered. */
export function sendAgain() {
  backend.trigger(asked);
}

export function tell(request = null) {
  const { model, format, note } = settings;
  const { source, edits, touched } = state.coming ?? state;
  const { strokes, vividness, palette } = edits.now;
  const { chroma, shares, strength } = palette ?? {};
  const chosen = { model, vividness, format, note };
  const said = { revision: state.revision, photo: source, strokes, boxes: edits.now.boxes ?? [], touched, palette: palette && { chroma, shares, strength }, settings: chosen, view: view.onScreen, request };
  backend.props.value = structuredClone(said);
}
