// The other side of the stage (its `Backend`) in a worker of this tab, and photos from file to file.

import { withWords } from "./whole_files.js";

const KEPT = 60_000; // milliseconds in which a browser has taken a download

/** Started from a `blob:`, so that the page's Content-Security-Policy holds in it: it can reach nothing but this site. */
function startWorker() {
  const address = new URL("worker.js", import.meta.url).href;
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(script), { type: "module" });
}

export class TabBackend {
  mostBytes = Infinity;
  #worker = startWorker();
  #watchers = new Map();
  #wanted = new Map(); // photos from file to file, by id
  #paths = 0;

  /** @param {HTMLElement} element Holds the stage.
   * @param {object} facts The properties that never change: models, vividness, examples.
   * @param {(ready: boolean) => void} onReady Called when all is there that works without a connection, or will not be. */
  constructor(element, facts, onReady) {
    this.element = element;
    const answers = ["photo", "result", "part", "strokes", "palette", "download", "error"];
    this.props = { ...facts, value: null, ...Object.fromEntries(answers.map((name) => [name, null])) };
    this.#worker.onmessage = ({ data }) => this.#take(data, onReady);
    this.#worker.onerror = () => this.#answer("error", { id: "worker", lost: false, revision: null,
      message: "The page did not arrive whole; reload it." });
    this.#worker.postMessage({ begin: { models: facts.models, names: facts.examples.map(({ name }) => name) } });
  }

  watch = (property, take) => this.#watchers.set(property, take);

  urlOf = (path) => path; // addresses already

  trigger = (event) => this.#worker.postMessage({ event, said: this.props.value });

  /** Nothing is sent anywhere: the worker is told of the file. */
  upload = async (file) => {
    const path = `file-${++this.#paths}`;
    this.#worker.postMessage({ path, file });
    return path;
  };

  /** Colour a photo from file to file.
   *
   * @param {File} file
   * @param {{model: string, vividness: number, format: "JPEG"|"PNG", note: boolean}} settings
   * @returns {Promise<{name: string, file: Blob, notes: string[], look: object}>} `look` has small pictures, before and after.
   * @throws {Error} A sentence. */
  colorize(file, settings) {
    const id = `whole-${++this.#paths}`;
    this.#worker.postMessage({ event: "whole_photo", said: { id, file, settings } });
    return new Promise((resolve, reject) => this.#wanted.set(id, { resolve, reject }));
  }

  async #take({ ready, picture, whole, ...answers }, onReady) {
    if (ready !== undefined) onReady(ready);
    if (picture) this.#download(picture);
    if (whole) this.#hand(whole);
    for (const [property, value] of Object.entries(answers)) this.#answer(property, value);
  }

  #answer(property, value) {
    this.props[property] = value;
    this.#watchers.get(property)?.();
  }

  async #download({ id, name, ...picture }) {
    const { file, notes } = await finished(picture);
    const path = URL.createObjectURL(file);
    setTimeout(() => URL.revokeObjectURL(path), KEPT);
    this.#answer("download", { id, path, name, notes });
  }

  async #hand({ id, failed, name, notes, look, ...picture }) {
    const { resolve, reject } = this.#wanted.get(id);
    this.#wanted.delete(id);
    if (failed) return reject(new Error(failed));
    const done = await finished(picture);
    resolve({ name, look, file: done.file, notes: [...notes, ...done.notes] });
  }
}

const finished = ({ picture, photo, size, note }) => withWords(picture, photo, size, note);
