// How far the cells of a photo are out of the things that hints lie on: models/thing_limits.py.

import { STRIDE } from "./cells.js";
import { Discriminant } from "./discriminant.js";
import { geodesicDistances, Steps } from "./geodesic.js";

const STEP = { free: 0.05, least: 0.02 }; // what varies from cell to cell within a thing counts little
const RIDGE = 1; // of the discriminant
const [FITTING, FITS_FROM] = [2, 0.23]; // how much it counts that cells fit the thing, and where it counts neither way
const FARTHEST = 4; // widths of a thing: what is left of a hint there is a millionth
const KEPT = 600; // maps

export class ThingLimits {
  #known = new Map();
  #steps = null;
  #discriminant = null;

  /**
   * @param {Float32Array} looks Channel after channel of h x w cells; in them cells that look alike lie close.
   * @param {number} h
   * @param {number} w
   * @param {number} width Geodesic distance at which what a hint lies on comes to its end.
   */
  constructor(looks, h, w, width) {
    Object.assign(this, { looks, h, w, width });
  }

  /**
   * How far all cells are out of the reach of hints.
   *
   * @param {import("./hints.js").HintArrays} hints
   * @returns {Float32Array} Map after map: 0 within a thing, `FARTHEST` squared far beyond; 0 for hints of other reach.
   */
  of(hints) {
    const cells = this.h * this.w;
    const limits = new Float32Array(hints.count * cells);
    const dabOf = (k) => [hints.points[2 * k], hints.points[2 * k + 1], hints.radius[k]];
    const dabs = hints.reach.map((reach, k) => (reach === "object" ? dabOf(k) : null));
    this.#forgetAllBut(dabs.map(String));
    dabs.forEach((dab, k) => {
      if (!dab) return;
      const name = String(dab);
      if (!this.#known.has(name)) this.#known.set(name, this.#measured(...dab));
      limits.set(this.#known.get(name), k * cells);
    });
    return limits;
  }

  #forgetAllBut(names) {
    const needed = new Set(names);
    if (new Set([...this.#known.keys(), ...needed]).size <= KEPT) return;
    for (const name of [...this.#known.keys()]) if (!needed.has(name)) this.#known.delete(name);
  }

  #measured(x, y, radius) {
    const { looks, h, w, width } = this;
    this.#steps ??= Steps.ofMap(looks, h, w, STEP);
    this.#discriminant ??= new Discriminant(looks, h * w, RIDGE);
    const start = startOf(x, y, radius, h, w);
    const thing = new Uint8Array(geodesicDistances(this.#steps, start, width).map((way) => (way < width ? 1 : 0)));
    const weights = this.#discriminant.scores(thing).map((fit) => Math.exp(FITTING * (FITS_FROM - fit)));
    const ways = geodesicDistances(this.#steps.weighed(weights), start, FARTHEST * width);
    return new Float32Array(ways.map((way) => (way / width) ** 2));
  }
}

/** 1 in the cells whose centres a dab covers, and in the one it lies in. */
function startOf(x, y, radius, h, w) {
  const [width, height] = [w * STRIDE, h * STRIDE];
  const away = new Float64Array(h * w);
  for (let row = 0, i = 0; row < h; row++) {
    const down = (row + 0.5) * STRIDE - ((y + 1) / 2) * height;
    for (let column = 0; column < w; column++, i++) {
      away[i] = Math.hypot((column + 0.5) * STRIDE - ((x + 1) / 2) * width, down);
    }
  }
  const within = Math.max(radius * Math.max(width, height), away.reduce((least, far) => Math.min(least, far)));
  return new Uint8Array(away.map((far) => (far <= within ? 1 : 0)));
}
