import { part } from "./page.js";

/** One of the two pictures laid over each other. A new picture takes the old one's place when it is decoded. */
export class Layer {
  #turn = 0;

  constructor(name) {
    this.name = name;
  }

  get image() {
    return part(this.name);
  }

  /** True when the picture is shown; false when another was asked for in the meantime. */
  async show(url) {
    const turn = ++this.#turn;
    const image = this.image.cloneNode();
    Object.assign(image, { src: url, hidden: false, className: "" });
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
}

export const before = new Layer("before");
export const after = new Layer("after");
