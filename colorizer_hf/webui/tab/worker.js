// All that a server would do, in a worker of the tab: it reads photos, colours them and answers the stage's events with
// the same properties as callbacks.py.

import * as ort from "../ort/ort.wasm.min.mjs";
import { nameOf } from "../stage/names.js";
import { ColorizerError } from "./errors.js";
import { hintsToJson, strokesOfJson } from "./hints.js";
import { loadJpegEncoder } from "./jpeg.js";
import { paletteOfPhoto } from "./palette.js";
import { addressOf, encode, Shown } from "./pictures.js";
import { read } from "./reading.js";
import { loadNetwork, Session } from "./session.js";
import { longerSide, needsPart, partOf } from "./views.js";

const LOOK = 240; // pixels of the longer side of a small picture of one of many photos
const MOST_THREADS = 4; // more gain little

ort.env.wasm.wasmPaths = new URL("../ort/", import.meta.url).href;

const files = new Map(); // what the page handed over, by path
const networks = new Map(); // promises, by the name of the model
let graphs = {}; // names of each model's
const examples = new Map(); // promises of files, by name
const shown = new Shown();
let photo = null; // the one that is open: source, name, file, and a session for each model that has seen it
let answered = 0; // counts answers, for ids

const waiting = new Map(); // events that are to be acted upon, with what was said last
let working = false;

const WORK = {
  open: openPhoto, edit, closer: lookCloser, save_photo: savePhoto, save_hints: saveHints, load_hints: loadHints,
  read_colors: readColors, close: closePhoto, whole_photo: wholePhoto,
};

onmessage = ({ data: { begin, path, file, event, said } }) => {
  if (begin) prepare(begin);
  if (path) files.set(path, file);
  if (!event) return;
  waiting.delete(event);
  waiting.set(event, said); // of one kind only the newest counts
  if (!working) work();
};

const answer = (properties) => postMessage(properties);
const newId = () => String(++answered);

/** Have everything in the tab that will be needed, so that nothing is asked for later. */
async function prepare({ models, names }) {
  graphs = Object.fromEntries(models.map((model) => [model.name, model.graphs]));
  for (const name of names) {
    examples.set(name, fetch(new URL(`../examples/${name}`, import.meta.url)).then((found) => found.blob()));
  }
  try {
    await Promise.all([networkOf(models[0].name), loadJpegEncoder(), ...examples.values()]);
    answer({ ready: true });
  } catch (error) {
    answer({ ready: false });
    explain(error, null);
  }
}

function networkOf(model) {
  if (!networks.has(model)) {
    const loading = load(model);
    networks.set(model, loading);
    loading.catch(() => networks.delete(model)); // the next one who asks tries again
  }
  return networks.get(model);
}

async function load(model) {
  const threads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  const network = await loadNetwork(ort, new URL(`../graphs/${model}/`, import.meta.url), { threads });
  await Promise.all(graphs[model].map((name) => network.graph(name)));
  return network;
}

async function work() {
  working = true;
  while (waiting.size) {
    const [event, said] = waiting.entries().next().value;
    waiting.delete(event);
    try {
      await WORK[event](said);
    } catch (error) {
      explain(error, said?.revision ?? null);
    }
    await letIn();
  }
  working = false;
}

/** Let messages in that came during a calculation. */
const letIn = () => new Promise((resolve) => setTimeout(resolve));

const explain = (error, revision) => answer({ error: { id: newId(), message: sentence(error), lost: false, revision } });

/** What a person is told when something failed. */
function sentence(error) {
  if (error instanceof ColorizerError) return asSentence(error.message);
  if (error instanceof RangeError) return "This photo is too large for the memory of this browser; make it smaller.";
  console.error(error);
  return "Something went wrong here; try again, or open the photo again.";
}

/** With a capital, unless it begins with a file's name. */
const asSentence = (message) => `${message.includes(": ") ? message : message[0].toUpperCase() + message.slice(1)}.`;

// ---------------------------------------------------------------------------------------------------- the open photo

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The photo with which `said` is about, if it is still open. */
const isOpen = (said) => Boolean(said.photo && photo && same(photo.source, said.photo));

async function sessionOf({ name, file, sessions }, model) {
  if (!sessions.has(model)) {
    const network = await networkOf(model);
    sessions.set(model, await Session.open(network, await read(file, name)));
  }
  return sessions.get(model);
}

/** A file that the page handed over; it is asked for once. */
function taken(path) {
  const file = files.get(path);
  files.delete(path);
  return file;
}

async function openPhoto(said) {
  const { photo: source, settings, revision, view } = said;
  const name = source.example ?? source.name;
  const file = source.example ? await examples.get(name) : taken(source.path);
  const coming = { source, name, file, sessions: new Map() };
  const session = await sessionOf(coming, settings.model);
  photo = coming;
  shown.clear();
  const { width, height, notes } = session.photo;
  const before = shown.show("before", session.original(longerSide(view, session.photo)));
  answer({ photo: { id: newId(), name, width, height, notes, before, revision } });
  await edit(said);
}

/** The session of the open photo, coloured as the page says, with what is to be said about it. */
async function updated({ settings, strokes, touched, palette }) {
  const session = await sessionOf(photo, settings.model);
  const facts = await session.update({ strokes, vividness: settings.vividness, palette, touched });
  return { session, ...facts };
}

/** The picture as it is now to be, then the same with the strip of alternatives unless something newer waits. */
async function edit(said) {
  if (!isOpen(said)) return;
  const { revision, view } = said;
  const { session, notes, suggestions } = await updated(said);
  const result = {
    revision,
    after: shown.show("after", session.preview(longerSide(view, session.photo))),
    part: needsPart(view, session.photo) ? showPart(session, view) : null,
    notes,
    suggestions: suggestions.map((each) => ({ ...each, name: nameOf(each.color) })),
    alternatives: null,
  };
  answer({ result });
  await letIn();
  if (["open", "edit", "close"].some((event) => waiting.has(event))) return;
  const offers = await session.alternatives(nameOf);
  const alternatives = offers.map((each, n) => ({ ...each, image: shown.show(`other-${n}`, each.image) }));
  answer({ result: { ...result, alternatives } });
}

async function lookCloser(said) {
  if (!isOpen(said)) return;
  const { session } = await updated(said);
  answer({ part: { ...showPart(session, said.view), revision: said.revision } });
}

/** Pictures of the part that is seen. */
function showPart(session, view) {
  const { longest, box, shares } = partOf(view, session.photo);
  const before = shown.show("before-part", session.original(longest, box));
  const after = shown.show("after-part", session.part(box, longest));
  return { box: shares, scale: longest, before, after };
}

async function savePhoto(said) {
  if (!isOpen(said)) return;
  const { format, note } = said.settings;
  const { session } = await updated(said);
  answer({ picture: { ...(await wholePicture(session, photo, format, note)), id: newId() } });
}

/** The picture at full size, and what the page needs to put in what the photo said about itself. */
async function wholePicture(session, { name, file }, format, note) {
  const { width, height } = session.photo;
  const picture = await encode(session, format);
  return { picture, photo: file, size: [width, height], note, name: `${stem(name)}-colour.${format === "PNG" ? "png" : "jpg"}` };
}

const stem = (name) => name.replace(/(?<=.)\.[^.]*$/, "");

async function saveHints(said) {
  if (!isOpen(said)) return;
  const session = await sessionOf(photo, said.settings.model);
  const text = hintsToJson(said.strokes, session.photo);
  const path = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  answer({ download: { id: newId(), path, name: `${stem(photo.name)}-hints.json`, notes: [] } });
}

async function loadHints(said) {
  if (!isOpen(said)) return;
  const session = await sessionOf(photo, said.settings.model);
  answer({ strokes: { id: newId(), strokes: strokesOfJson(said.request.text, session.photo) } });
}

async function readColors({ request: { path, name } }) {
  const pixels = await read(taken(path), name);
  const { colors, ...palette } = paletteOfPhoto(pixels);
  answer({ palette: { path, name, ...palette, thumbnail: await thumbnail(colors) } });
}

/** Small RGB pixels as a picture that travels within words. */
async function thumbnail({ width, height, data }) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) pixels.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
  return new FileReaderSync().readAsDataURL(jpeg);
}

function closePhoto() {
  photo = null;
  shown.clear();
}

/** A photo from file to file, without being opened. */
async function wholePhoto({ id, file, settings: { model, vividness, format, note } }) {
  try {
    const session = await Session.open(await networkOf(model), await read(file, file.name));
    const { notes } = await session.update({ strokes: [], vividness });
    const look = { before: addressOf(session.original(LOOK)), after: addressOf(session.preview(LOOK)) };
    answer({ whole: { id, notes, look, ...(await wholePicture(session, { name: file.name, file }, format, note)) } });
  } catch (error) {
    answer({ whole: { id, failed: sentence(error) } });
  }
}
