import { hex } from "./names.js";
import { part } from "./page.js";

const THUMBNAIL = 160; // pixels of the longer side
const SAMPLE = 5; // pixels of a side of what the pipette looks at

/** One of the pictures laid over each other. A new picture takes the old one's place when it is decoded. */
class Layer {
  #turn = 0;

  constructor(name) {
    this.name = name;
  }

  get image() {
    return part(this.name);
  }

  /** Show a picture, at a place in the sheet if it is no picture of the whole photo.
   *
   * True when it is shown; false when another was asked for in the meantime. */
  async show(url, place = {}) {
    const turn = ++this.#turn;
    if (!this.image.hidden && this.image.getAttribute("src") === url) return true;
    const image = this.image.cloneNode();
    Object.assign(image, { src: url, hidden: false });
    Object.assign(image.style, place);
    await image.decode().catch((error) => {
      if (turn === this.#turn) throw error;
    });
    if (turn !== this.#turn) return false;
    this.image.replaceWith(image);
    return true;
  }

  clear() {
    this.#turn++;
    this.image.hidden = true;
    this.image.removeAttribute("src");
  }

  /** Part of the picture, drawn into a small canvas: from a pixel on, so many pixels, at so many pixels. */
  #drawn([x, y], [width, height], [shownWidth, shownHeight]) {
    const canvas = Object.assign(document.createElement("canvas"), { width: shownWidth, height: shownHeight });
    const pen = canvas.getContext("2d");
    pen.drawImage(this.image, x, y, width, height, 0, 0, shownWidth, shownHeight);
    return canvas;
  }

  /** A small copy, as a `data:` URL; "" if there is no picture. */
  thumbnail() {
    const size = [this.image.naturalWidth, this.image.naturalHeight];
    if (!size[0] || this.image.hidden) return "";
    const scale = THUMBNAIL / Math.max(...size);
    return this.#drawn([0, 0], size, size.map((side) => Math.max(Math.round(side * scale), 1))).toDataURL("image/jpeg");
  }

  /** The mean colour around a place. */
  colorAt(place) {
    const size = [this.image.naturalWidth, this.image.naturalHeight];
    const corner = size.map((side, i) => Math.min(Math.max(Math.round(place[i] * side - SAMPLE / 2), 0), side - SAMPLE));
    const canvas = this.#drawn(corner, [SAMPLE, SAMPLE], [SAMPLE, SAMPLE]);
    const { data } = canvas.getContext("2d").getImageData(0, 0, SAMPLE, SAMPLE);
    const mean = [0, 1, 2].map((channel) => data.filter((_, i) => i % 4 === channel).reduce((sum, value) => sum + value, 0));
    return hex(mean.map((sum) => sum / SAMPLE ** 2));
  }
}

export const before = new Layer("before");
export const after = new Layer("after");
export const beforePart = new Layer("before-part"); // of what is seen, with more pixels
export const afterPart = new Layer("after-part");
