// Other colourings to click, as the backend offers them.

import { urlOf } from "./backend.js";
import { change } from "./editing.js";
import { fill, makeButton, part } from "./page.js";
import { state, strokes } from "./state.js";
import { adopt } from "./strokes.js";

let drawn = null;

export function drawAlternatives() {
  const { alternatives } = state;
  if (alternatives === drawn) return;
  drawn = alternatives;
  part("others").hidden = !alternatives.length;
  fill(part("alternatives"), alternatives.map((alternative) => {
    const { label, image, current } = alternative;
    const button = makeButton("alternative", label, () => take(alternative), urlOf(image));
    button.setAttribute("aria-pressed", current);
    button.append(Object.assign(document.createElement("span"), { textContent: label }));
    return button;
  }));
}

function take({ hint, vividness, current }) {
  if (current) return;
  if (!hint) return change({ vividness });
  const { x, y, ...stroke } = hint;
  change({ strokes: [...strokes(), ...adopt([{ ...stroke, points: [[x, y]] }], strokes())] });
}
