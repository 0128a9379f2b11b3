// Talking to Python, through the component of Gradio that holds the stage: `send` says everything at once, the answers
// are properties (main.js watches them).

import { refresh } from "./drawing.js";
import { state } from "./state.js";
import { setBusy } from "./status.js";

let gradio = null; // what js_on_load of gr.HTML is given: props, trigger, upload, watch

export function connect(component) {
  gradio = component;
}

/** The newest properties. */
export const answers = () => gradio.props;

export const upload = (file) => gradio.upload(file);

export const urlOf = (path) =>
  `${window.gradio_config?.root ?? ""}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;

export function send(event, request = null) {
  if (["open", "edit", "choose"].includes(event)) state.revision++; // a result will come
  if (event === "open") (state.coming ?? state).opened = state.revision;
  tell(request);
  gradio.trigger(event);
}

export function tell(request = null) {
  const { revision, coming, source, touched } = state;
  const shown = { photo: source, strokes: state.strokes.list, touched };
  const edits = coming ? { photo: coming.source, strokes: [], touched: null } : shown;
  gradio.props.value = structuredClone({ revision, ...edits, request });
}

/** The strokes or the point last touched have changed. */
export function edited() {
  setBusy("Updating the colours…");
  send("edit");
  refresh();
}
