// The body of a function that Gradio calls with element and trigger (js_on_load of gr.HTML). Gradio reads the name of the
// event from this text: "edit_this".

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-path]");
  if (!button) return;
  const { path, name } = button.dataset;
  const words = button.textContent;
  button.textContent = "Opening…";
  try {
    const place = path.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch(`${window.gradio_config?.root ?? ""}/gradio_api/file=${place}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const photo = await answer.blob();
    const stage = document.getElementById("stage");
    trigger("edit_this"); // Python turns to the other tab
    while (!stage.offsetParent) await new Promise(requestAnimationFrame);
    stage.dispatchEvent(new CustomEvent("stage-open", { detail: new File([photo], name, { type: photo.type }) }));
    button.textContent = words;
  } catch {
    button.textContent = "It is no longer here";
    button.disabled = true;
  }
});
