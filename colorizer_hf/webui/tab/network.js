// Exported graphs as a network: engines/graphs.py, and what goes into it: network_input.py.

import { blocksOf, cellPoints, cellSide, samplingWeights, STRIDE, withAspect } from "./cells.js";
import { LIGHTNESS } from "./color.js";
import { ColorizerError } from "./errors.js";
import { hintsToArrays } from "./hints.js";
import { ThingLimits } from "./limits.js";
import { rounded } from "./numbers.js";
import { paletteArray } from "./palette.js";
import { shrunk } from "./shrinking.js";

const MAX_ASPECT = 8; // of the network's input; longer strips are squeezed, which keeps the cost bounded
const KEPT_OWN = 4; // colours without hints, as a page shows other vividnesses beside the one in use
const CONTRAST_ENDS = [0.005, 0.995]; // of a near-infrared frame's pixels, what is beyond becomes black and white
const VERSION = 1; // of the graphs' inputs and outputs

const fetched = async (address) => {
  const response = await fetch(address);
  if (!response.ok) throw new ColorizerError(`${address} could not be fetched; reload the page`);
  return new Uint8Array(await response.arrayBuffer());
};

/**
 * @typedef {object} Traits See traits.py.
 * @property {"gray" | "nir" | "any"} modality
 * @property {number} working_size
 * @property {number} size_multiple
 * @property {boolean} supports_hints
 * @property {boolean} supports_palette
 * @property {number} suggestion_sharpness
 * @property {?number} thing_width
 * @property {number[][]} bins
 *
 * @typedef {object} Colors What a network makes of a photo.
 * @property {import("./resampling.js").Maps} chroma a and b / 110.
 * @property {?import("./resampling.js").Maps} logits Over the chroma bins; null for networks without a distribution.
 * @property {?import("./resampling.js").Maps} luminance L / 100; null where the photo's own is kept.
 */

/**
 * Load a network; its graphs other than the first are loaded when they are first needed.
 *
 * @param {object} ort onnxruntime-web, which knows where its own files are.
 * @param {string | URL} baseUrl Of the folder that `colorizer export` wrote, with a slash at its end.
 * @param {object} [options]
 * @param {number} [options.threads] More than one need a page that is isolated from others.
 * @param {(address: URL) => Promise<Uint8Array>} [options.read] What fetches a file.
 * @returns {Promise<Network>}
 */
export async function loadNetwork(ort, baseUrl, { threads = 1, read = fetched } = {}) {
  ort.env.wasm.numThreads = threads;
  const manifest = JSON.parse(new TextDecoder().decode(await read(new URL("graphs.json", baseUrl))));
  if (manifest.version !== VERSION) {
    throw new ColorizerError("the network's graphs are of another version; reload the page");
  }
  const network = new Network(ort, manifest, (name) => read(new URL(`${name}.onnx`, baseUrl)));
  await network.graph("encode");
  return network;
}

export class Network {
  #ort;
  #read;
  #graphs = {}; // promises of sessions, by name

  /** Use `loadNetwork`. */
  constructor(ort, manifest, read) {
    this.#ort = ort;
    this.#read = read;
    this.hasSpread = "spread" in manifest.graphs;
    /** @type {Traits} */
    this.traits = manifest.traits;
  }

  /** Load one now, for instance while a person looks at the first colours. */
  graph(name) {
    this.#graphs[name] ??= this.#loaded(name).catch((error) => {
      delete this.#graphs[name]; // the next one may have more luck
      throw error;
    });
    return this.#graphs[name];
  }

  async #loaded(name) {
    return this.#ort.InferenceSession.create(await this.#read(name), { executionProviders: ["wasm"] });
  }

  /** What no edit changes, once per photo. */
  async see(photo) {
    const { working_size: shorter, size_multiple: multiple, modality, thing_width: thingWidth } = this.traits;
    const size = inputSize(photo, shorter, multiple);
    const luminance = resizedLuminance(photo, ...size);
    const inputs = { luminance: this.#tensor(luminance, [1, 1, ...size]) };
    if (modality !== "gray" && this.hasSpread) inputs.contrast = this.#tensor(contrastOf(luminance), [2]);
    const seen = await this.#run("encode", inputs);
    return new Features(seen, size, thingWidth);
  }

  /**
   * Colours with exactly these hints.
   *
   * @param {Features} features Of the photo; what later edits need again is remembered in it.
   * @param {{ width: number, height: number }} photo
   * @param {import("./hints.js").Hint[]} hints
   * @param {?import("./session.js").Palette} palette
   * @param {number} vividness
   * @returns {Promise<Colors>}
   */
  async color(features, photo, hints, palette, vividness) {
    const { seen } = features;
    const { supports_hints: takesHints, supports_palette: takesPalette } = this.traits;
    if (hints.length && !takesHints) throw new ColorizerError("this network takes no hints; take another model");
    if (palette && !takesPalette) throw new ColorizerError("this network takes no palette; take another model");
    if (!this.hasSpread) return hintlessColors(Object.values(seen)[0]);
    const own = await this.#own(features, palette, vividness);
    const chroma = hints.length ? await this.#spread(features, hintsToArrays(hints, photo), own) : own.chroma;
    const luminance = seen.visible ? mapsOf(seen.visible) : null;
    return { chroma: mapsOf(chroma), logits: own.maps, luminance };
  }

  async #own(features, palette, vividness) {
    const key = JSON.stringify([palette && [...paletteArray(palette)], vividness]);
    const known = features.own.get(key) ?? (await this.#withoutHints(features, palette, vividness));
    while (!features.own.has(key) && features.own.size >= KEPT_OWN) features.own.delete(features.own.keys().next().value);
    features.own.set(key, known);
    return known;
  }

  async #withoutHints({ seen, cells, points, blocks }, palette, vividness) {
    let { logits, calm } = seen;
    const { residual } = seen;
    if (palette) {
      const colors = paletteArray(palette);
      const inputs = { logits, residual, palette: this.#tensor(colors, [1, colors.length / 3, 3]) };
      ({ shifted: logits, calm } = await this.#run("shift", inputs));
    }
    const maps = mapsOf(logits);
    if (vividness === 0) return { maps, calm, chroma: calm };
    const inputs = { logits, residual, vividness: this.#tensor([vividness], []) };
    inputs.points = this.#tensor(points, [...cells, 2]);
    for (const name of ["looks", "mix"]) inputs[name] = seen[name].reshape([...seen[name].dims.slice(0, -1), ...cells]);
    for (const [name, { data, dims }] of Object.entries(blocks)) inputs[name] = this.#tensor(data, dims);
    const { chroma } = await this.#run("vivid", inputs);
    return { maps, calm, chroma };
  }

  async #spread({ seen, size, cells: [h, w], points, limits }, hints, own) {
    const K = hints.count;
    const flags = (values) => new this.#ort.Tensor("bool", Uint8Array.from(values), [1, K]);
    const { chroma } = await this.#run("spread", {
      own: own.chroma.reshape([1, 2, h * w]),
      calm: own.calm.reshape([1, 2, h * w]),
      looks: seen.looks,
      mix: seen.mix,
      points: this.#tensor(points, [1, h * w, 2]),
      cell: this.#tensor([cellSide(size)], []),
      hint_points: this.#tensor(withAspect(hints.points, size), [1, K, 2]),
      sampling: this.#tensor(samplingWeights(hints.points, h, w, size), [1, K, h * w]),
      hint_chroma: this.#tensor(hints.chroma, [1, K, 2]),
      radius: this.#tensor(hints.radius.map((radius) => 2 * radius), [1, K]),
      on_object: flags(hints.reach.map((reach) => (reach === "object" ? 1 : 0))),
      is_spot: flags(hints.reach.map((reach) => (reach === "spot" ? 1 : 0))),
      keep: flags(hints.keep),
      limit: this.#tensor(limits.of(hints), [1, K, h * w]),
    });
    return chroma.reshape([1, 2, h, w]);
  }

  #tensor(values, dims) {
    return new this.#ort.Tensor("float32", values instanceof Float32Array ? values : new Float32Array(values), dims);
  }

  async #run(name, inputs) {
    return (await this.graph(name)).run(inputs);
  }
}

/** What the graph `encode` gives, and what edits have needed. */
class Features {
  constructor(seen, size, thingWidth) {
    const [h, w] = size.map((side) => side / STRIDE);
    Object.assign(this, { seen, size, cells: [h, w], own: new Map() });
    if (!seen.looks) return;
    this.points = cellPoints(h, w, size);
    this.blocks = blocksOf(h, w);
    this.limits = new ThingLimits(seen.looks.data, h, w, thingWidth);
  }
}

/** @returns {import("./resampling.js").Maps} of a tensor (1, channels, height, width) */
const mapsOf = ({ data, dims: [, channels, height, width] }) => ({ data, channels, height, width });

/** Of a network without hints; luminance, if it is predicted, comes before the chroma. */
function hintlessColors(tensor) {
  const { data, channels, height, width } = mapsOf(tensor);
  const cells = height * width;
  const part = (first, end) =>
    ({ data: data.subarray(first * cells, end * cells), channels: end - first, height, width });
  const luminance = channels > 2 ? part(0, channels - 2) : null;
  return { chroma: part(channels - 2, channels), logits: null, luminance };
}

/** Height and width of the network's input. */
export function inputSize({ height, width }, shorter, multiple) {
  const scale = shorter / Math.min(height, width);
  const longest = shorter * MAX_ASPECT;
  return [height, width].map((side) => Math.max(rounded(Math.min(side * scale, longest) / multiple), 1) * multiple);
}

/** Luminance codes averaged to another size, L / 100. */
export function resizedLuminance({ data, width, height }, toHeight, toWidth) {
  const codes = shrunk({ data, width, height }, toWidth, toHeight, "bilinear").data;
  return new Float32Array(codes.length).map((_, i) => LIGHTNESS[codes[i]]);
}

/** The darkest and brightest luminance but for some pixels. */
function contrastOf(luminance) {
  const sorted = luminance.toSorted();
  return CONTRAST_ENDS.map((share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)];
    return below + (place % 1) * (sorted[Math.ceil(place)] - below);
  });
}
