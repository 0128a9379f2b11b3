// Vividness, the model, and what is downloaded.

import { answers, send } from "./backend.js";
import { change, edited } from "./editing.js";
import { element, on, part } from "./page.js";
import { choose, settings } from "./settings.js";
import { defaults, state } from "./state.js";
import { setTool } from "./tools.js";

/** Draw these controls as `state` and `settings` say. */
export function drawControls() {
  const { vividness } = state.edits.now;
  part("vividness").value = vividness;
  part("vividness-value").textContent = `${Math.round(vividness * 100)} %`;
  part("model").value = settings.model;
  for (const input of element.querySelectorAll("[data-testid=format] input")) {
    input.checked = input.value === settings.format;
  }
  part("format-name").textContent = settings.format;
  part("note").checked = settings.note;
  for (const name of ["download", "save-hints", "load-hints"]) part(name).disabled = !state.shown; // the photo must have been read
  drawBoxTool();
}

/** Boxes are drawn where the chosen model looks at things one by one. */
function drawBoxTool() {
  const wanted = answers().models.find(({ name }) => name === settings.model)?.boxes;
  part("tool-box").hidden = !wanted;
  if (!wanted && state.tool === "box") setTool("compare");
}

/** Fill the list of models: those for photographs, those for near-infrared frames. */
function listModels() {
  const { models } = answers();
  const groups = { gray: "For photographs", any: "For photographs and near-infrared frames", nir: "For near-infrared frames" };
  const list = part("model");
  list.replaceChildren();
  for (const [kind, label] of Object.entries(groups)) {
    const names = models.filter((model) => model.kind === kind).map(({ name }) => name);
    if (!names.length) continue;
    const group = Object.assign(document.createElement("optgroup"), { label });
    group.append(...names.map((name) => new Option(name, name)));
    list.append(group);
  }
  if (!models.some(({ name }) => name === settings.model)) settings.model = models[0].name;
  part("no-nir").hidden = models.some(({ kind }) => kind !== "gray");
}

export function wireControls() {
  defaults.vividness = answers().vividness;
  listModels();
  on(part("vividness"), "input", (event) => change({ vividness: +event.target.value }, "vividness"));
  on(part("vividness"), "change", () => state.edits.seal());
  on(part("model"), "change", (event) => {
    choose({ model: event.target.value });
    edited();
  });
  on(part("format"), "change", (event) => {
    choose({ format: event.target.value });
    drawControls();
  });
  on(part("note"), "change", (event) => choose({ note: event.target.checked }));
  on(part("download"), "click", () => send("save_photo"));
}
