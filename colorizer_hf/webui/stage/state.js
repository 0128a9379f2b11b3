// Everything that the stage knows at a moment.

import { History } from "./history.js";
import { find } from "./strokes.js";
import { View } from "./view.js";

/** The colour of a brush that asks for one at each place. */
export const ASK = "ask";

/** What the backend says once. */
export const defaults = { vividness: 0.7 };

/** What belongs to one photo. */
export const nothing = () => ({
  id: null, // of what the browser keeps of it
  file: null, // what the person gave, kept for when the backend loses it
  name: "",
  source: null, // what the backend is told of it
  photo: null, // the prop
  edits: new History({ strokes: [], vividness: defaults.vividness, palette: null, boxes: [] }),
  result: null, // the newest prop, perhaps not yet on the screen
  arriving: null, // promise of its picture
  shown: false, // there is a picture in colour
  revealing: false, // it is just being drawn over the gray one
  rescued: false, // the photo was given a second time, and no result has come since
  closer: null, // what is shown of the part that is seen, if that has more pixels than the whole
  asked: "", // of what a closer look was asked for last
  alternatives: [],
  split: 0.5, // the divider's place in the part of the photo that is seen
  color: ASK, // of the brush: what a stroke has, or ASK
  suggestions: null,
  touched: null, // the place for which they are
});

/** What a person has in hand. */
const letGo = () => ({
  pending: null, // a stroke that waits for its colour
  selected: null, // id of the stroke that what is chosen changes
  lifted: false, // the arrow keys move it
  picking: false, // the next touch takes the colour of the photo there
  last: null, // id of the stroke that was painted last, if nothing was done since
  live: null, // the stroke that is being painted
  draft: null, // the strokes while some are being erased or moved
  corner: null, // of a box whose other corner comes next
  framing: null, // the box that is being drawn
});

export const state = {
  ...nothing(),
  ...letGo(),
  revision: 0, // of what was last sent
  opened: 0, // the revision that opened the photo; answers to earlier ones are for another photo
  coming: null, // what belongs to the photo that is to replace the one shown, until it has been read
  opening: 0, // counts photos, so that what belongs to an earlier one is noticed
  busy: false,
  tool: "compare",
  peek: false, // the original is shown
  recent: [], // colours
  crosshair: [0.5, 0.5],
  offered: null, // what the browser kept, to go on with
};

export const view = new View();

/** What the pointer had begun is not to be. */
export function dropGesture() {
  state.live = state.draft = state.framing = null;
}

/** Nothing is in hand any more. */
export function emptyHand() {
  Object.assign(state, letGo());
}

export const strokes = () => state.edits.now.strokes;

/** Those around things; what was kept before there were any has none. */
export const boxes = () => state.edits.now.boxes ?? [];

/** The stroke that what is chosen now changes: the one that waits for its colour, or the selected one. */
export const active = () => state.pending ?? find(strokes(), state.selected);
