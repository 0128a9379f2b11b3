// Other colourings to click, as Python offers them.

import { fill, makeButton, part } from "./page.js";
import { edited, send } from "./python.js";
import { forgetGesture, state } from "./state.js";
import { setBusy } from "./status.js";

export function drawAlternatives(alternatives, revision = "") {
  part("others").hidden = !alternatives.length;
  part("alternatives").dataset.revision = revision;
  fill(part("alternatives"), alternatives.map((alternative) => {
    const { label, image, current } = alternative;
    const button = makeButton("alternative", label, () => takeAlternative(alternative), image);
    button.setAttribute("aria-pressed", current);
    button.append(label);
    return button;
  }));
}

function takeAlternative({ hint, vividness, current }) {
  if (current) return;
  if (hint) {
    const { x, y, color, radius } = hint;
    forgetGesture();
    state.strokes.commit([...state.strokes.list, { color, radius, points: [[x, y]] }]);
    edited();
  } else {
    setBusy("Updating the colours…");
    send("choose", { vividness });
  }
}
