import { clamp } from "./geometry.js";

/** The photo's place within the viewport, in CSS pixels; zoom 1 fits it. */
export class View {
  photo = [3, 2]; // width and height
  box = [1, 1]; // of the viewport
  zoom = 1;
  corner = [0, 0]; // of the photo

  /** Show the whole of a photo in a viewport. */
  fit(photo, box) {
    Object.assign(this, { photo, box, zoom: 1 });
    this.place([0.5, 0.5], ...this.#middle);
  }

  /** The viewport has another size: what was in the middle stays there. */
  resize(box) {
    const middle = this.toShare(this.#middle);
    this.box = box;
    this.place(middle, ...this.#middle);
  }

  get #middle() {
    return this.box.map((side) => side / 2);
  }

  get scale() {
    return Math.min(this.box[0] / this.photo[0], this.box[1] / this.photo[1]);
  }

  get size() {
    return this.photo.map((side) => side * this.scale * this.zoom);
  }

  get longer() {
    return Math.max(...this.size);
  }

  get maxZoom() {
    return Math.max(8, 4 / this.scale);
  }

  zoomAt(factor, [x, y] = this.#middle) {
    const share = this.toShare([x, y]);
    this.zoom = clamp(this.zoom * factor, 1, this.maxZoom);
    if (this.zoom < 1.01) this.zoom = 1;
    this.place(share, x, y);
  }

  panBy(dx, dy) {
    this.place([0, 0], this.corner[0] + dx, this.corner[1] + dy);
  }

  /** Bring a place of the photo to a pixel, as far as the photo then fills the viewport. */
  place(share, x, y) {
    this.corner = this.size.map((size, i) => {
      const start = [x, y][i] - share[i] * size;
      return size <= this.box[i] ? (this.box[i] - size) / 2 : clamp(start, this.box[i] - size, 0);
    });
  }

  toShare(point) {
    return this.size.map((size, i) => (point[i] - this.corner[i]) / size);
  }

  toPixels(share) {
    return this.size.map((size, i) => this.corner[i] + share[i] * size);
  }

  /** What the backend is told of it: pixels of the screen along the photo's longer side, fitted and as it is shown, and which
   * part of it is seen. */
  get onScreen() {
    const [left, top, right, bottom] = this.seen;
    const shown = this.longer * devicePixelRatio;
    return {
      fitted: Math.round(shown / this.zoom),
      shown: Math.round(shown),
      seen: [...this.toShare([left, top]), ...this.toShare([right, bottom])],
    };
  }

  /** Left, top, right and bottom of the part of the photo that is seen. */
  get seen() {
    const end = this.size.map((size, i) => Math.min(this.corner[i] + size, this.box[i]));
    return [...this.corner.map((start) => Math.max(start, 0)), ...end];
  }
}
