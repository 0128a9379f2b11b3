// A photo that is being edited in a browser's tab: session.py, result.py and what callbacks.py makes of them, without a
// page and without a server. It runs in a Worker and in Node alike; all that a page needs of the calculation is here:
//
//   const network = await loadNetwork(ort, new URL("graphs/", import.meta.url), { threads: 2 });
//   const session = await Session.open(network, { data, width, height });
//   const { notes, suggestions } = await session.update({ strokes, vividness: 0.7, palette: null, touched: null });
//   const { width, height, data } = session.preview(1280);
//
// What a person can act on is thrown as a `ColorizerError` of errors.js, whose message is a sentence for them.
//
// Beside it: views.js (which sizes and parts a page wants, as pictures.py), palette.js (`paletteOfPhoto`, for "colours
// like another photo"), hints.js (`hintsToJson` and `strokesOfJson`, for files of hints).

import { alternatives } from "./alternatives.js";
import { strokesToHints } from "./hints.js";
import { clamp } from "./numbers.js";
import { Photo } from "./photo.js";
import { ColorResult } from "./result.js";

export { loadNetwork } from "./network.js";

const DEFAULT_VIVIDNESS = 0.7;
const ROWS = 256; // of a band
const SWATCHES = [0.4, 0.8]; // luminance of suggested colours: their differences must be seen

/**
 * @typedef {object} Pixels A picture with 8 bits a channel.
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray | Uint8Array} data Rows of RGBA in sRGB, upright; or, where they are put in, of gray codes.
 *
 * @typedef {object} Box In pixels; right and bottom lie beyond the last ones.
 * @property {number} left
 * @property {number} top
 * @property {number} right
 * @property {number} bottom
 *
 * @typedef {object} Stroke As the stage has it.
 * @property {?string} color "#rrggbb"; null keeps what the network makes of the place.
 * @property {number} radius Half the width as a share of the photo's longer side.
 * @property {number[][]} points Corners [x, y] in shares of the photo's width and height.
 * @property {"alike" | "object" | "spot"} [reach]
 *
 * @typedef {object} Palette The colours that a picture should be made of.
 * @property {number[][]} chroma Lab a and b of each.
 * @property {number[]} shares Of each.
 * @property {number} strength 0 to 1.
 *
 * @typedef {object} Edits All that holds now.
 * @property {Stroke[]} strokes
 * @property {number} [vividness] 0 to 1.
 * @property {?Palette} [palette]
 * @property {?number[]} [touched] Point last touched, in shares of the photo's width and height.
 *
 * @typedef {object} Suggestion
 * @property {string} color "#rrggbb", of a luminance at which colours can be told apart.
 * @property {number} share How likely.
 *
 * @typedef {object} Alternative Another colouring.
 * @property {string} label
 * @property {Pixels} image A thumbnail.
 * @property {?number} vividness Take this one instead; null keeps it.
 * @property {?object} hint Add a dab: x and y in shares, color, radius and reach as in strokes; null adds none.
 * @property {boolean} current Whether this is what is shown now.
 */

export class Session {
  #network;
  #features;
  #hints = [];
  #wanted = null; // vividness and palette
  #result = null;

  /** Use `open`. */
  constructor(network, photo, features) {
    this.#network = network;
    this.#features = features;
    /** @type {Photo} with `width`, `height` and `notes` (sentences on how it was read), which the page shows */
    this.photo = photo;
  }

  /**
   * Let a network see a photo. This takes longest; edits then take milliseconds.
   *
   * @param {import("./network.js").Network} network
   * @param {Pixels} pixels Of the whole photo; they are not kept.
   * @returns {Promise<Session>}
   */
  static async open(network, pixels) {
    const photo = Photo.ofPixels(pixels);
    return new Session(network, photo, await network.see(photo));
  }

  /**
   * Colour the photo as it is now to be: `preview`, `part`, `bands` and `alternatives` are then of these colours.
   *
   * @param {Edits} edits All that holds, not only what is new.
   * @returns {Promise<{ notes: string[], suggestions: Suggestion[] }>} Sentences on how the photo was read and coloured;
   *   likely colours at the point touched, the likeliest first, none without such a point.
   * @throws {ColorizerError} the strokes make no sense, or the network does not take them.
   */
  async update({ strokes = [], vividness = DEFAULT_VIVIDNESS, palette = null, touched = null }) {
    this.#hints = strokesToHints(strokes, this.photo);
    this.#wanted = { vividness, palette };
    this.#result = await this.#colored(this.#hints, this.#wanted);
    const { photo } = this;
    const sides = [photo.width, photo.height];
    const place = touched?.map((share, i) => Math.floor(clamp(share, 0, 1 - 1e-6) * sides[i]));
    const suggestions = place ? this.#result.suggestions(...place, 5, SWATCHES) : [];
    return { notes: photo.notes, suggestions };
  }

  /** What the network makes of the photo as it is now, at its low resolution; see network.js. */
  get colors() {
    return this.#result.colors;
  }

  /**
   * The photo in colour for a screen, calculated at its reduced size.
   *
   * @param {number} longest Pixels of the longer side, at most.
   * @returns {Pixels} RGBA
   */
  preview(longest) {
    return this.#result.preview(longest);
  }

  /**
   * A part of `preview(longest)`, calculated alone.
   *
   * @param {Box} box In pixels of that preview.
   * @param {number} longest As of `preview`.
   * @returns {Pixels} RGBA
   */
  part(box, longest) {
    return this.#result.preview(longest, box);
  }

  /**
   * The photo as it came, in colours of its own if it had some.
   *
   * @param {number} longest As of `preview`.
   * @param {Box} [box] As of `part`; all of it without.
   * @returns {Pixels} RGBA
   */
  original(longest, box) {
    return this.photo.original(longest, box);
  }

  /**
   * The photo in colour at full size, from top to bottom; memory for one band at a time.
   *
   * @param {number} [rows] Of a band, at most.
   * @returns {Generator<Pixels & { top: number }>} RGBA
   */
  bands(rows = ROWS) {
    return this.#result.bands(rows);
  }

  /**
   * Other colourings to choose from. Leaves `preview` and the rest as they are.
   *
   * @param {(color: string) => string} nameOf A word for "#rrggbb", such as that of the stage's names.js.
   * @returns {Promise<Alternative[]>}
   */
  alternatives(nameOf) {
    const colored = (hints, vividness) => this.#colored(hints, { ...this.#wanted, vividness });
    return alternatives(this.#result, colored, this.#hints, this.#wanted.vividness, nameOf);
  }

  async #colored(hints, { vividness, palette }) {
    const colors = await this.#network.color(this.#features, this.photo, hints, palette, vividness);
    return new ColorResult(this.photo, colors, this.#network.traits);
  }
}
