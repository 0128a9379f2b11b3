// A photo with colour: result.py.

import { hexOf, LIGHTNESS, rgbOf } from "./color.js";
import { clamp, softmax } from "./numbers.js";
import { rendered, restored, whole } from "./rendering.js";
import { likelyColors } from "./suggestions.js";
import { Upsampler } from "./upsampling.js";

export class ColorResult {
  #sizes = new WeakMap(); // by the photo at these sizes

  /**
   * @param {import("./photo.js").Photo} photo
   * @param {import("./network.js").Colors} colors
   * @param {import("./network.js").Traits} traits
   */
  constructor(photo, colors, traits) {
    this.photo = photo;
    this.colors = colors;
    this.traits = traits;
  }

  /** At a screen's size, or a part of that; see `Session`. */
  preview(longest, box) {
    const { seen, upsampler } = this.#sized(this.photo.reduced(longest));
    return rendered(seen, upsampler, box ?? whole(seen));
  }

  /** At full size; see `Session`. */
  *bands(rows) {
    const { seen, upsampler } = this.#sized(this.photo);
    for (let top = 0; top < seen.height; top += rows) {
      const bottom = Math.min(top + rows, seen.height);
      yield { top, ...rendered(seen, upsampler, { left: 0, top, right: seen.width, bottom }) };
    }
  }

  /**
   * The likeliest colours at a place, the likeliest first; none of a network that predicts no distribution.
   *
   * @param {number} x In pixels of the photo.
   * @param {number} y
   * @param {number} k How many at most.
   * @param {[number, number]} lightness Range of L / 100 in which they are given: in the dark all colours look black.
   * @returns {import("./session.js").Suggestion[]}
   */
  suggestions(x, y, k = 5, [darkest, brightest] = [0, 1]) {
    const { logits } = this.colors;
    if (!logits) return [];
    const { width, height } = this.photo;
    const cell = Math.floor((y / height) * logits.height) * logits.width + Math.floor((x / width) * logits.width);
    const cells = logits.height * logits.width;
    const { bins, suggestion_sharpness: sharpness } = this.traits;
    const shares = softmax(bins.map((_, bin) => sharpness * logits.data[bin * cells + cell]));
    const { data } = this.colors.luminance ? this.#sized(this.photo).seen : this.photo;
    const shown = clamp(LIGHTNESS[data[y * width + x]], darkest, brightest);
    return likelyColors(shares, bins, k).map(({ chroma, share }) => ({ color: hexOf(rgbOf(shown, ...chroma)), share }));
  }

  /** The photo at one of its sizes, and its colours there: a person who has zoomed in sees part after part of it. */
  #sized(photo) {
    if (!this.#sizes.has(photo)) {
      const seen = this.#withLuminance(photo);
      this.#sizes.set(photo, { seen, upsampler: new Upsampler(this.colors.chroma, seen) });
    }
    return this.#sizes.get(photo);
  }

  /** The photo, of near-infrared frames with the luminance of visible light. */
  #withLuminance(photo) {
    const { luminance } = this.colors;
    if (!luminance) return photo;
    const { width, height, alpha } = photo;
    return { data: restored(photo, luminance), width, height, alpha };
  }
}
