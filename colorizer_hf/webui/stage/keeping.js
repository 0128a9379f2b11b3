// The browser keeps photos and what was painted on them, so that nothing is lost with the page: in IndexedDB, and in
// memory where that is refused. A record has { id, name, example, edits, tool, thumbnail, time }; files lie beside.

import { after, before } from "./layer.js";
import { state } from "./state.js";

const NAME = "colorizer";
const MOST = 4; // photos
const TAB = "colorizer-photo"; // id of the photo that is open in this tab
const UNSENT = "colorizer-unsent"; // this tab has an edit that was not answered

const memory = { records: new Map(), files: new Map() };
let database = null;
let writing = null; // promise of the record's being written
let changed = false; // meanwhile

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });

function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const store of Object.keys(memory)) request.result.createObjectStore(store);
  };
  return settled(request);
}

/** Call a method of one of the stores. */
async function inStore(store, method, ...values) {
  try {
    database ??= openDatabase();
    const mode = /^get/.test(method) ? "readonly" : "readwrite";
    return await settled((await database).transaction(store, mode).objectStore(store)[method](...values));
  } catch {
    const [first, second] = values;
    const map = memory[store];
    return { get: () => map.get(first), getAll: () => [...map.values()], put: () => map.set(second, first),
      delete: () => map.delete(first) }[method]();
  }
}

/** Values of this tab alone; they outlive a reload. */
function inTab(key, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(key);
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    // The browser keeps nothing.
  }
  return null;
}

/** Keep the photo that was just opened. */
export async function keepPhoto() {
  const { id, file } = state;
  inTab(TAB, id);
  if (file) await inStore("files", "put", file, id);
  keep();
  const records = (await inStore("records", "getAll")).sort((a, b) => b.time - a.time);
  for (const old of records.slice(MOST)) forget(old.id);
}

/** Keep what holds now. */
export async function keep() {
  changed = true;
  writing ??= (async () => {
    while (changed) {
      changed = false;
      const { id, name, source, edits, tool, shown } = state;
      if (!id) break;
      const thumbnail = (shown ? after : before).thumbnail();
      const record = { id, name, example: source?.example ?? null, edits: edits.pack(), tool, thumbnail, time: Date.now() };
      await inStore("records", "put", record, id);
    }
    writing = null;
  })();
  await writing;
}

/** A record by its id. Without one, what a person would go on with: the photo of this tab, else the newest of all; null
 * if nothing is kept. */
export async function kept(id = inTab(TAB)) {
  await writing;
  const records = (await inStore("records", "getAll")).sort((a, b) => b.time - a.time);
  return records.find((record) => record.id === id) ?? records[0] ?? null;
}

export const fileOf = (id) => inStore("files", "get", id);

export async function forget(id) {
  await inStore("records", "delete", id);
  await inStore("files", "delete", id);
}

/** Remember whether an edit of this tab has yet to be answered. */
export const markUnsent = (unsent) => inTab(UNSENT, unsent ? "yes" : "");

export const isUnsent = () => inTab(UNSENT) === "yes";

/** No photo is open in this tab any more. */
export const leaveTab = () => inTab(TAB, "");
