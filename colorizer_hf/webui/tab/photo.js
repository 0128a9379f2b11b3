// A photo without its colours, at full size: imaging/photo.py.

import { luminanceCodes, packed } from "./color.js";
import { rounded } from "./numbers.js";
import { chromaOf, ownColors } from "./own_colors.js";
import { rendered, renderedGray, whole } from "./rendering.js";
import { shrunk } from "./shrinking.js";
import { Upsampler } from "./upsampling.js";

const KEPT = 4; // reductions: a page shows a photo fitted, as a small picture, and zoomed in
const OWN_COLORS = 800; // pixels of the longer side: colours are seen less sharply than brightness
const PUT_ASIDE = "It came with colours or a tint of its own, which were put aside for new ones; Original shows them.";

export class Photo {
  #reductions = new Map();

  /**
   * @param {object} photo
   * @param {Uint8Array} photo.data Luminance codes, row after row.
   * @param {number} photo.width
   * @param {number} photo.height
   * @param {?Uint8Array} photo.alpha 0 is transparent; null where nothing is.
   * @param {?import("./resampling.js").Maps} photo.chroma That it came with, reduced; null if it was gray.
   */
  constructor({ data, width, height, alpha = null, chroma = null }) {
    Object.assign(this, { data, width, height, alpha, chroma });
    /** @type {string[]} Sentences on how it was read. */
    this.notes = chroma ? [PUT_ASIDE] : [];
  }

  /** @param {import("./session.js").Pixels} pixels RGBA or gray; they are not kept. */
  static ofPixels({ data, width, height }) {
    if (data.length === width * height) return new Photo({ data: new Uint8Array(data), width, height });
    const colors = ownColors({ data, width, height }, OWN_COLORS);
    const chroma = colors && chromaOf(colors);
    const pixels = packed(data);
    return new Photo({ data: luminanceCodes(pixels), width, height, alpha: alphaOf(pixels), chroma });
  }

  /**
   * The photo for a screen: its longer side has at most so many pixels. Itself if it is so small already.
   *
   * Asking again gives the same object, as long as not many other sizes were asked for.
   */
  reduced(longest) {
    if (Math.max(this.width, this.height) <= longest) return this;
    if (!this.#reductions.has(longest)) {
      const scale = longest / Math.max(this.width, this.height);
      const [width, height] = [this.width, this.height].map((side) => Math.max(1, rounded(side * scale)));
      // Hamming: without the uneven steps of an area average where a picture shrinks only a little.
      const [data, alpha] = [this.data, this.alpha].map((codes) =>
        codes && shrunk({ data: codes, width: this.width, height: this.height }, width, height, "hamming").data);
      if (this.#reductions.size >= KEPT) this.#reductions.delete(this.#reductions.keys().next().value);
      this.#reductions.set(longest, new Photo({ data, width, height, alpha, chroma: this.chroma }));
    }
    return this.#reductions.get(longest);
  }

  /**
   * As it came, in colours of its own if it had some.
   *
   * @param {number} longest As of `reduced`.
   * @param {import("./session.js").Box} [box] What is wanted, in pixels of that size.
   * @returns {import("./session.js").Pixels} RGBA
   */
  original(longest, box) {
    const { data, width, height, chroma } = this.reduced(longest);
    const codes = { data, width, height, alpha: null };
    if (!chroma) return renderedGray(codes, box ?? whole(codes));
    return rendered(codes, new Upsampler(chroma, codes), box ?? whole(codes));
  }
}

function alphaOf(pixels) {
  let i = 0;
  while (i < pixels.length && pixels[i] >>> 24 === 255) i++;
  return i === pixels.length ? null : new Uint8Array(pixels.length).map((_, at) => pixels[at] >>> 24);
}
