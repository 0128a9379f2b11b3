// EXIF blocks (TIFF structures): read into tags, and written anew. Source: TIFF 6.0 section 2, Exif 2.32 section 4.6.

import { concat, fromLatin, toLatin, viewOf } from "./bytes.js";

const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]; // bytes of one value, by type
const ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5;
const DETAILS = 0x8769, LOCATION = 0x8825, RULES = 0xa005; // directories within directories
const INSIDE = [DETAILS, LOCATION, RULES];
const TAG = { orientation: 0x112, x: 0x11a, y: 0x11b, unit: 0x128, software: 0x131, colorSpace: 0xa001, width: 0xa002,
  height: 0xa003, compressedBits: 0x9102, gamma: 0xa500 };
const SRGB = 1;

/** What an EXIF block says. A thumbnail is not read.
 *
 * @typedef {{type: number, count: number, bytes: Uint8Array, inside?: Tags}} Value
 * @typedef {Map<number, Value>} Tags
 */
export class Exif {
  /** @param {boolean} little Whether the low byte of a number comes first.
   * @param {Tags} tags */
  constructor(little = false, tags = new Map()) {
    this.little = little;
    this.tags = tags;
  }

  /** @param {Uint8Array} block
   * @throws {RangeError} It is damaged. */
  static parse(block) {
    const view = viewOf(block);
    const little = view.getUint16(0) === 0x4949;
    if (view.getUint16(2, little) !== 42) throw new RangeError("it is no TIFF structure");
    return new Exif(little, readDirectory(block, view, view.getUint32(4, little), little, 0));
  }

  toBlock() {
    const head = viewOf(new Uint8Array(8));
    head.setUint16(0, this.little ? 0x4949 : 0x4d4d);
    head.setUint16(2, 42, this.little);
    head.setUint32(4, 8, this.little);
    return concat([new Uint8Array(head.buffer), writeDirectory(this.tags, 8, this.little)]);
  }

  get orientation() {
    const stated = this.#number(this.tags.get(TAG.orientation));
    return stated >= 1 && stated <= 8 ? stated : 1;
  }

  /** Pixels per inch, horizontally and vertically; null if it says none, or the 72 that stands for an unknown one. */
  get dpi() {
    const inches = { 2: 1, 3: 2.54 }[this.#number(this.tags.get(TAG.unit))];
    const dpi = [TAG.x, TAG.y].map((tag) => this.#ratio(this.tags.get(tag)) * inches);
    return dpi.every((value) => value > 1 && value <= 65535) && dpi.some((value) => value !== 72) ? dpi : null;
  }

  /** Take out what is not true of a new picture of width and height, upright and sRGB.
   *
   * @param {[number, number]} size
   * @param {number[]} stale Tags of the first directory. */
  makeTrue([width, height], stale) {
    for (const tag of stale) this.tags.delete(tag);
    if (this.tags.has(TAG.orientation)) this.#setNumber(this.tags, TAG.orientation, 1);
    const details = this.tags.get(DETAILS)?.inside ?? new Map();
    details.delete(TAG.compressedBits);
    details.delete(TAG.gamma);
    if (details.has(TAG.colorSpace)) this.#setNumber(details, TAG.colorSpace, SRGB);
    if (details.has(TAG.width)) this.#setNumber(details, TAG.width, width);
    if (details.has(TAG.height)) this.#setNumber(details, TAG.height, height);
  }

  /** State a sentence as the program that made the picture, behind what is stated already. */
  addSoftware(sentence, ending) {
    const said = toLatin(this.tags.get(TAG.software)?.bytes ?? new Uint8Array()).replace(/\0.*$/s, "").trim();
    const others = said.split("; ").filter((part) => part && !part.endsWith(ending));
    const bytes = fromLatin(`${[...others, sentence].join("; ")}\0`);
    this.tags.set(TAG.software, { type: ASCII, count: bytes.length, bytes });
  }

  #number(value) {
    if (!value || ![SHORT, LONG].includes(value.type) || !value.count) return NaN;
    const view = viewOf(value.bytes);
    return value.type === SHORT ? view.getUint16(0, this.little) : view.getUint32(0, this.little);
  }

  #ratio(value) {
    if (value?.type !== RATIONAL || value.count !== 1) return NaN;
    const view = viewOf(value.bytes);
    return view.getUint32(0, this.little) / view.getUint32(4, this.little);
  }

  #setNumber(tags, tag, number) {
    const bytes = new Uint8Array(number > 65535 ? 4 : 2);
    if (bytes.length === 4) viewOf(bytes).setUint32(0, number, this.little);
    else viewOf(bytes).setUint16(0, number, this.little);
    tags.set(tag, { type: bytes.length === 4 ? LONG : SHORT, count: 1, bytes });
  }
}

function readDirectory(block, view, start, little, depth) {
  const tags = new Map();
  const count = view.getUint16(start, little);
  for (let at = start + 2; at < start + 2 + 12 * count; at += 12) {
    const tag = view.getUint16(at, little);
    const [type, values] = [view.getUint16(at + 2, little), view.getUint32(at + 4, little)];
    const length = (SIZES[type] ?? 0) * values;
    if (!length) continue; // of a type that nobody knows
    const place = length > 4 ? view.getUint32(at + 8, little) : at + 8;
    if (place + length > block.length) throw new RangeError("it is cut off");
    const bytes = block.slice(place, place + length);
    const inside = INSIDE.includes(tag) && depth < 3
      ? readDirectory(block, view, view.getUint32(at + 8, little), little, depth + 1) : undefined;
    tags.set(tag, { type, count: values, bytes, inside });
  }
  return tags;
}

/** A directory that will stand at `start`, with all its values behind it. */
function writeDirectory(tags, start, little) {
  const entries = [...tags].sort(([one], [other]) => one - other);
  const head = viewOf(new Uint8Array(2 + 12 * entries.length + 4)); // no other directory follows
  const parts = [new Uint8Array(head.buffer)];
  let end = start + head.byteLength;
  head.setUint16(0, entries.length, little);
  entries.forEach(([tag, { type, count, bytes, inside }], number) => {
    const at = 2 + 12 * number;
    head.setUint16(at, tag, little);
    head.setUint16(at + 2, inside ? LONG : type, little);
    head.setUint32(at + 4, inside ? 1 : count, little);
    if (!inside && bytes.length <= 4) return parts[0].set(bytes, at + 8);
    const content = inside ? writeDirectory(inside, end, little) : bytes;
    const even = content.length % 2 ? concat([content, new Uint8Array(1)]) : content;
    head.setUint32(at + 8, end, little);
    parts.push(even);
    end += even.length;
  });
  return concat(parts);
}
