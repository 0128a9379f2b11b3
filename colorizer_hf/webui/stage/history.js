const LONGEST = 200; // steps back

/** What holds now, with what held before and after it. States are replaced, never changed. */
export class History {
  past = [];
  future = [];
  #kind = null; // of the last step, if more of its kind still belong to it

  constructor(now) {
    this.now = now;
  }

  /** Go on to another state. Steps of one `kind` in a row are a single one, until `seal` is called. */
  commit(next, kind = null) {
    if (!kind || kind !== this.#kind) this.past = [...this.past, this.now].slice(-LONGEST);
    this.#kind = kind;
    this.future = [];
    this.now = next;
  }

  seal() {
    this.#kind = null;
  }

  undo() {
    return this.#move(this.past, this.future);
  }

  redo() {
    return this.#move(this.future, this.past);
  }

  #move(from, to) {
    if (!from.length) return false;
    this.seal();
    to.push(this.now);
    this.now = from.pop();
    return true;
  }

  /** As plain data, and from it. */
  pack() {
    const { now, past, future } = this;
    return { now, past, future };
  }

  static unpack({ now, past, future }) {
    return Object.assign(new History(now), { past, future });
  }
}
