// Everything that the stage knows at a moment.

import { Strokes } from "./strokes.js";
import { View } from "./view.js";

/** What belongs to one photo. */
export const nothing = () => ({
  file: null, // what the person gave, kept for when the server loses it
  source: null, // what Python is told of it
  photo: null, // the prop
  strokes: new Strokes(),
  result: null, // the newest prop, perhaps not yet on the screen
  arriving: null, // promise of its picture
  shown: false, // there is a picture in colour
  revealing: false, // it is just being drawn over the gray one
  rescued: false, // the photo was given a second time, and no result has come since
  sharpened: null, // the result for which full-size pictures were asked for
  split: 0.5, // the divider's place in the part of the photo that is seen
  color: null,
  suggestions: null,
  touched: null,
});

export const state = {
  ...nothing(),
  revision: 0, // of what was last sent
  opened: 0, // the revision that opened the photo; answers to earlier ones are for another photo
  coming: null, // file and source of the photo that is to replace the one shown, until the server has read it
  opening: 0, // counts photos, so that what belongs to an earlier one is noticed
  busy: false,
  tool: "compare",
  peek: false, // the original is shown
  recent: [], // colours
  size: 24, // diameter of the brush in CSS pixels
  crosshair: [0.5, 0.5],
  pending: null, // a stroke that waits for its colour
  last: null, // the stroke that was painted last, if nothing was done since
  live: null, // the stroke that is being painted
  draft: null, // the strokes while some are being erased
};

export const view = new View();

export function forgetGesture() {
  state.pending = state.last = state.live = state.draft = null;
}
