// The body of a function that Gradio calls with element, trigger, props and watch (js_on_load of gr.HTML).
// Gradio reads the names of the stage's events from this text: "open", "edit", "closer", "save_photo",
// "save_hints", "load_hints", "read_colors", "close".

import(`${window.gradio_config?.root ?? ""}/${props.modules}/gradio.js`).then(
  ({ startOnGradio }) => startOnGradio({ element, trigger, props, watch }),
  (error) => {
    console.error(error);
    element.querySelector("[data-testid=error-text]").textContent = "The page did not arrive whole; reload it.";
    element.querySelector("[data-testid=error]").hidden = false;
  },
);
