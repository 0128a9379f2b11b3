// Which sizes and parts of a photo a page wants: pictures.py. A view is what the stage says of it: pixels of the screen
// along the photo's longer side when it is fitted to its place (`fitted`) and as it is now (`shown`), and which part of it
// is seen, in shares (`seen`).

import { clamp } from "./numbers.js";

const FITTED = 1280; // pixels at most of the longer side of the whole photo; a screen's own pixels count
const SOFT = 1.25; // pixels of the screen per pixel of a picture: beyond, one sees that it has too few
const LEAST = 256; // pixels of the longer side
const STEP = 64; // the page may change its layout by a little without another size being made
const MOST_SEEN = 9_000_000; // pixels of a part, about: a screen of 4k
const ALIGNED = 8; // pixels on which parts begin

/** Pixels of the longer side of a picture of the whole photo. */
export function longerSide({ fitted }, { width, height }) {
  const wanted = Math.min(Math.ceil(Math.max(fitted, LEAST) / STEP) * STEP, FITTED);
  const longer = Math.max(width, height);
  return longer <= wanted * SOFT ? longer : wanted; // a photo of hardly more pixels would only become softer
}

/** Whether that picture has too few pixels for what is seen, and the photo has more. */
export function needsPart(view, photo) {
  const longer = longerSide(view, photo);
  return longer < Math.max(photo.width, photo.height) && longer * SOFT < view.shown;
}

/**
 * What is seen of a photo, at a scale at which it has as many pixels as the screen or all that there are.
 *
 * @param {{ shown: number, seen: number[] }} view
 * @param {import("./photo.js").Photo} photo
 * @returns {{ longest: number, box: import("./session.js").Box, shares: number[] }} What `Session.part` takes, and left,
 *   top, right and bottom of the box in shares of the photo.
 */
export function partOf({ shown, seen }, photo) {
  const [left, top, right, bottom] = seen.map((share) => clamp(share, 0, 1));
  const longer = Math.max(photo.width, photo.height);
  const squares = ((right - left) * (bottom - top) * Math.min(photo.width, photo.height)) / longer; // of the longer side
  const wanted = Math.min(Math.max(shown, LEAST), longer, Math.sqrt(MOST_SEEN / Math.max(squares, 1e-6)));
  // A few fixed scales, so that not every turn of a wheel has the photo reduced anew.
  const longest = Math.ceil(longer * 2 ** -(Math.floor(4 * Math.log2(longer / wanted)) / 4));
  const { width, height } = photo.reduced(longest);
  const start = (edge, side) => Math.floor(Math.floor(edge * (side - 1)) / ALIGNED) * ALIGNED;
  const end = (edge, side) => Math.min(Math.ceil(edge * side) + 1, side);
  const box = { left: start(left, width), top: start(top, height), right: end(right, width), bottom: end(bottom, height) };
  return { longest, box, shares: [box.left / width, box.top / height, box.right / width, box.bottom / height] };
}
