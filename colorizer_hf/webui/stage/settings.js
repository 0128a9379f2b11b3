// What a person chooses once for all photos; the browser keeps it.

const KEY = "colorizer-settings";

export const settings = {
  model: "", // the first one
  format: "JPEG",
  note: true,
  reach: "object",
  size: 24, // diameter of the brush in CSS pixels
};

/** Take what was chosen the last time. */
export function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
    for (const [name, value] of Object.entries(kept)) {
      if (typeof value === typeof settings[name]) settings[name] = value;
    }
  } catch {
    // Nothing legible is kept, or the browser keeps nothing.
  }
}

export function choose(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // The browser keeps nothing; what is chosen holds until the page is left.
  }
}
