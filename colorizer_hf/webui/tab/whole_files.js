// A JPEG or PNG as the encoders make it, with what the photo said about itself.

import { concat, fromLatin, startsWith, viewOf } from "./bytes.js";
import { Exif } from "./exif.js";
import { GEOREFERENCE, KEPT_RESOURCES, SOFTWARE, SOFTWARE_ENDING, STORAGE } from "./package_words.js";
import { EXIF_HEAD, keptResources, PHOTOSHOP_HEAD, wordsOf, XMP_HEAD, XMP_KEYWORD } from "./words.js";
import { trueXmp } from "./xmp.js";

const ROOM = 65_400; // bytes that surely fit into a segment of a JPEG
const INCH = 0.0254; // metres

/** Put a photo's words into a picture.
 *
 * @param {Blob} picture A JPEG or PNG without any, upright and sRGB.
 * @param {Blob} photo The file that it was made of.
 * @param {[number, number]} size Of the picture.
 * @param {boolean} note Whether to say that a model added the colours.
 * @returns {Promise<{file: Blob, notes: string[]}>} The picture, and what found no place in it, as sentences.
 */
export async function withWords(picture, photo, size, note) {
  const words = wordsOf(new Uint8Array(await photo.arrayBuffer()));
  const format = picture.type === "image/png" ? "PNG" : "JPEG";
  const notes = [];
  const exif = trueExif(words, size, note, format, notes);
  const turned = (words.exif && exif.turned) || false;
  const xmp = trueXmp(words.xmp, { size, turned, note });
  if (words.extended) notes.push("A part of its XMP data was left out.");
  const photoshop = words.photoshop ? keptResources(words.photoshop, KEPT_RESOURCES) : new Uint8Array();
  const said = { exif: exif.block, dpi: exif.dpi ?? words.dpi, xmp, photoshop, comments: words.comments, texts: words.texts };
  const parts = format === "PNG" ? await pngParts(picture, said) : await jpegParts(picture, said, notes);
  return { file: new Blob(parts, { type: picture.type }), notes };
}

/** EXIF for the new file, with what else is known from the old one's. */
function trueExif(words, size, note, format, notes) {
  let exif = new Exif();
  try {
    if (words.exif) exif = Exif.parse(words.exif);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    notes.push("Its EXIF data is damaged and was left out.");
  }
  const [turned, dpi] = [exif.orientation !== 1, exif.dpi];
  if (GEOREFERENCE.some((tag) => exif.tags.has(tag))) notes.push(`A ${format} has no place for its georeference.`);
  exif.makeTrue(size, [...STORAGE, ...GEOREFERENCE]);
  if (note) exif.addSoftware(SOFTWARE, SOFTWARE_ENDING);
  const block = exif.tags.size ? exif.toBlock() : null;
  if (format === "PNG" || !block || block.length <= ROOM) return { block, turned, dpi };
  notes.push("Its EXIF data is too long for a JPEG and was left out.");
  return { block: null, turned, dpi };
}

async function jpegParts(picture, { exif, dpi, xmp, photoshop, comments, texts }, notes) {
  const density = viewOf(new Uint8Array(7));
  density.setUint8(0, dpi ? 1 : 0);
  [1, 3].forEach((at, axis) => density.setUint16(at, Math.round(dpi?.[axis] ?? 1)));
  const parts = [segment(0xe0, "JFIF\0\x01\x02", new Uint8Array(density.buffer))];
  if (exif) parts.push(segment(0xe1, EXIF_HEAD, exif));
  const packet = new TextEncoder().encode(xmp);
  if (packet.length > ROOM) notes.push("Its XMP data is too long for a JPEG and was left out.");
  else if (packet.length) parts.push(segment(0xe1, XMP_HEAD, packet));
  if (photoshop.length && photoshop.length <= ROOM) parts.push(segment(0xed, PHOTOSHOP_HEAD, photoshop));
  for (const comment of comments) parts.push(segment(0xfe, "", new TextEncoder().encode(comment).subarray(0, ROOM)));
  const lost = [...new Set(texts.map(({ keyword }) => `its text '${keyword}'`))];
  if (lost.length) notes.push(`A JPEG has no place for ${lost.join(", ").replace(/, (?=[^,]*$)/, " and ")}.`);
  const head = new Uint8Array(await picture.slice(2, 20).arrayBuffer());
  const own = startsWith(head, "\xff\xe0") ? 2 + viewOf(head).getUint16(2) : 0; // its own JFIF segment
  return [picture.slice(0, 2), ...parts, picture.slice(2 + own)];
}

function segment(marker, head, content) {
  const bytes = concat([new Uint8Array([0xff, marker, 0, 0]), fromLatin(head), content]);
  viewOf(bytes).setUint16(2, bytes.length - 2);
  return bytes;
}

async function pngParts(picture, { exif, dpi, xmp, photoshop, comments, texts }) {
  const parts = [];
  if (dpi) {
    const density = viewOf(new Uint8Array(9));
    [0, 4].forEach((at, axis) => density.setUint32(at, Math.round(dpi[axis] / INCH)));
    density.setUint8(8, 1);
    parts.push(chunk("pHYs", new Uint8Array(density.buffer)));
  }
  if (exif) parts.push(chunk("eXIf", exif));
  if (xmp) parts.push(textChunk(XMP_KEYWORD, xmp));
  if (photoshop.length) {
    // PNG has no chunk for captions; ImageMagick and ExifTool read and write them so.
    const hex = Array.from(photoshop, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const length = String(photoshop.length).padStart(8);
    parts.push(chunk("tEXt", fromLatin(`Raw profile type iptc\0\niptc\n${length}\n${hex}\n`)));
  }
  for (const comment of comments) parts.push(textChunk("Comment", comment));
  parts.push(...texts.map((text) => text.chunk));
  const endOfHeader = 33;
  return [picture.slice(0, endOfHeader), ...parts, picture.slice(endOfHeader)];
}

const textChunk = (keyword, text) =>
  chunk("iTXt", concat([fromLatin(`${keyword}\0\0\0\0\0`), new TextEncoder().encode(text)]));

function chunk(kind, content) {
  const bytes = concat([new Uint8Array(4), fromLatin(kind), content, new Uint8Array(4)]);
  viewOf(bytes).setUint32(0, content.length);
  viewOf(bytes).setUint32(bytes.length - 4, checksum(bytes.subarray(4, -4)));
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32, as PNG has it. */
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
