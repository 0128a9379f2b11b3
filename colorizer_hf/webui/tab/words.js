// What a JPEG or PNG says beside its pixels, as it lies in the file.
// Sources: JFIF 1.02; Exif 2.32 section 4.7; XMP part 3 section 1.1.3; PNG third edition section 11.3; Photoshop file formats.

import { startsWith, toLatin, viewOf } from "./bytes.js";

const START_OF_SCAN = 0xda;
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const INCH = 0.0254; // metres
export const EXIF_HEAD = "Exif\0\0";
export const XMP_HEAD = "http://ns.adobe.com/xap/1.0/\0";
export const EXTENDED_HEAD = "http://ns.adobe.com/xmp/extension/\0";
export const PHOTOSHOP_HEAD = "Photoshop 3.0\0";
export const XMP_KEYWORD = "XML:com.adobe.xmp";

/** @typedef {object} Words
 * @property {"JPEG"|"PNG"|null} format Null for all others, of which nothing is read.
 * @property {[number, number]|null} size Width and height as they are stored.
 * @property {number} bits Of one colour; 8 where that is not known.
 * @property {Uint8Array|null} exif A TIFF structure.
 * @property {string} xmp
 * @property {boolean} extended Whether there is more XMP, in segments of its own.
 * @property {Uint8Array|null} photoshop Image resources, the captions among them.
 * @property {[number, number]|null} dpi As the format itself says it.
 * @property {string[]} comments
 * @property {{keyword: string, chunk: Uint8Array}[]} texts Of a PNG; its comments are among the comments.
 */

/** @param {Uint8Array} file
 * @returns {Words} What is damaged is left out. */
export function wordsOf(file) {
  const words = { format: null, size: null, bits: 8, exif: null, xmp: "", extended: false, photoshop: null, dpi: null,
    comments: [], texts: [] };
  try {
    if (startsWith(file, "\xff\xd8\xff")) readJpeg(file, Object.assign(words, { format: "JPEG" }));
    else if (startsWith(file, "\x89PNG\r\n\x1a\n")) readPng(file, Object.assign(words, { format: "PNG" }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a file that is cut off
  }
  return words;
}

function readJpeg(file, words) {
  const view = viewOf(file);
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff;) {
    const marker = file[at + 1];
    if (marker === 0xff) at += 1; // which may be repeated
    else if (marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (marker === START_OF_SCAN) return;
    else {
      const end = at + 2 + view.getUint16(at + 2);
      readSegment(marker, file.subarray(at + 4, end), words);
      at = end;
    }
  }
}

function readSegment(marker, content, words) {
  const view = viewOf(content);
  if (FRAMES.includes(marker)) {
    words.bits = content[0];
    words.size = [view.getUint16(3), view.getUint16(1)];
  } else if (marker === 0xe0 && startsWith(content, "JFIF\0")) {
    const scale = { 1: 1, 2: 2.54 }[content[7]];
    words.dpi = sensible([view.getUint16(8) * scale, view.getUint16(10) * scale]);
  } else if (marker === 0xe1 && startsWith(content, EXIF_HEAD)) words.exif ??= content.slice(EXIF_HEAD.length);
  else if (marker === 0xe1 && startsWith(content, XMP_HEAD)) words.xmp ||= decoded(content.subarray(XMP_HEAD.length));
  else if (marker === 0xe1 && startsWith(content, EXTENDED_HEAD)) words.extended = true;
  else if (marker === 0xed && startsWith(content, PHOTOSHOP_HEAD)) words.photoshop ??= content.slice(PHOTOSHOP_HEAD.length);
  else if (marker === 0xfe) words.comments.push(decoded(content).replace(/\0+$/, ""));
}

function readPng(file, words) {
  const view = viewOf(file);
  for (let at = 8; at + 12 <= file.length;) {
    const length = view.getUint32(at);
    const kind = toLatin(file.subarray(at + 4, at + 8));
    if (kind === "IDAT" && !words.size) throw new RangeError("it has no header");
    readChunk(kind, file.subarray(at + 8, at + 8 + length), file.subarray(at, at + 12 + length), words);
    at += 12 + length;
  }
}

function readChunk(kind, content, chunk, words) {
  const view = viewOf(content);
  if (kind === "IHDR") {
    words.size = [view.getUint32(0), view.getUint32(4)];
    words.bits = content[8];
  } else if (kind === "pHYs" && content[8] === 1) {
    words.dpi = sensible([view.getUint32(0) * INCH, view.getUint32(4) * INCH]);
  } else if (kind === "eXIf") words.exif = content.slice();
  else if (["tEXt", "zTXt", "iTXt"].includes(kind)) readText(kind, content, chunk, words);
}

function readText(kind, content, chunk, words) {
  const keyword = toLatin(content.subarray(0, content.indexOf(0)));
  if (keyword.startsWith("Raw profile type")) return; // profiles and EXIF of the old file, in a form of their own
  if (keyword !== XMP_KEYWORD) return void words.texts.push({ keyword, chunk: chunk.slice() });
  // Keyword, two flags, language, translated keyword; a packed packet is not read.
  const [packed, rest] = [content[keyword.length + 1], content.subarray(keyword.length + 3)];
  const behindLanguage = rest.indexOf(0) + 1;
  if (!packed) words.xmp = decoded(rest.subarray(rest.indexOf(0, behindLanguage) + 1));
}

const decoded = (bytes) => new TextDecoder().decode(bytes);

const sensible = (dpi) => (dpi.every((value) => value > 1 && value <= 65535) ? dpi.map((value) => +value.toFixed(2)) : null);

/** The image resources that belong to captions.
 *
 * @param {Uint8Array} block
 * @param {number[]} kept Their numbers.
 * @returns {Uint8Array} */
export function keptResources(block, kept) {
  const parts = [];
  const view = viewOf(block);
  for (let at = 0; at + 12 <= block.length && startsWith(block.subarray(at), "8BIM");) {
    const number = view.getUint16(at + 4);
    const name = (block[at + 6] + 2) & ~1; // padded, with the byte of its length
    const length = view.getUint32(at + 6 + name);
    const end = at + 10 + name + length + (length & 1);
    if (kept.includes(number)) parts.push(block.subarray(at, end));
    at = end;
  }
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
