// Talking to Python, through the component of Gradio that holds the stage: `send` says everything at once, the answers
// are properties (main.js watches them).

import { settings } from "./settings.js";
import { state, view } from "./state.js";

const ANSWERED = ["open", "edit"]; // by a result

let gradio = null; // what js_on_load of gr.HTML is given: props, trigger, watch
let asked = "edit"; // the last of those events

export function connect(component) {
  gradio = component;
}

/** The newest properties. */
export const answers = () => gradio.props;

export const watch = (property, take) => gradio.watch(property, take);

export const urlOf = (path) =>
  `${window.gradio_config?.root ?? ""}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;

export function send(event, request = null) {
  if (ANSWERED.includes(event)) {
    state.revision++;
    asked = event;
  }
  if (event === "open") (state.coming ?? state).opened = state.revision;
  tell(request);
  gradio.trigger(event);
}

/** Say once more what has not been answered. */
export function sendAgain() {
  gradio.trigger(asked);
}

export function tell(request = null) {
  const { model, format, note } = settings;
  const { source, edits, touched } = state.coming ?? state;
  const { strokes, vividness, palette } = edits.now;
  const { chroma, shares, strength } = palette ?? {};
  const chosen = { model, vividness, format, note };
  const said = { revision: state.revision, photo: source, strokes, boxes: edits.now.boxes ?? [], touched, palette: palette && { chroma, shares, strength }, settings: chosen, view: view.onScreen, request };
  gradio.props.value = structuredClone(said);
}
