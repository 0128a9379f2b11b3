// The stage on a page of Gradio: what colours is Python, by way of the component that holds the stage.

import { wireConnection } from "./connection.js";
import { start } from "./main.js";
import { upload } from "./uploading.js";

const urlOf = (path) =>
  `${window.gradio_config?.root ?? ""}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;

/** @param component What js_on_load of gr.HTML is given: element, props, trigger, watch. */
export function startOnGradio(component) {
  const mostBytes = window.gradio_config?.max_file_size ?? Infinity;
  start({ ...component, upload, urlOf, mostBytes });
  wireConnection(component.element.closest("#stage") ?? component.element);
}
