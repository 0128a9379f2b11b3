// The tab "Many photos": a list of files, each coloured in turn; saved one by one, or all in a ZIP.

import { zipped } from "./zips.js";

const part = (name) => document.querySelector(`#many [data-part="${name}"]`);

let stopped = false;
let done = []; // what came of this run
let archive = ""; // the address of all of them

/** @param {import("./backend.js").TabBackend} backend
 * @param {(file: File) => void} edit Open one of the photos on the stage. */
export function wireManyPhotos(backend, edit) {
  fillKinds(backend.props.models);
  part("vividness").value = backend.props.vividness;
  part("begin").addEventListener("click", () => colorizeAll(backend, edit, [...part("photos").files]));
  part("stop").addEventListener("click", () => {
    stopped = true;
    part("stop").disabled = true;
  });
  part("save").addEventListener("click", downloadAll);
  part("photos").addEventListener("change", () => say(counted(part("photos").files.length)));
}

const KINDS = { gray: "Black-and-white photographs", any: "Photographs, near-infrared ones too", nir: "Near-infrared frames" };

function fillKinds(models) {
  part("kind").replaceChildren(...models.map(({ name, kind }) => new Option(KINDS[kind], name)));
}

const counted = (count) => `${count} ${count === 1 ? "photo" : "photos"} chosen`;

const say = (text) => (part("status").textContent = text);

const settings = () => ({
  model: part("kind").value,
  vividness: +part("vividness").value,
  format: part("format").value,
  note: part("note").checked,
});

async function colorizeAll(backend, edit, files) {
  if (!files.length) return say("There are no photos yet; choose some.");
  stopped = false;
  setRunning(true);
  clear();
  const chosen = settings();
  for (const [number, file] of files.entries()) {
    if (stopped) break;
    say(`${number} of ${files.length} done`);
    const row = addRow(file.name, "being coloured…");
    try {
      const result = await backend.colorize(file, chosen);
      result.file = new File([result.file], freeName(result.name), { lastModified: file.lastModified });
      done.push(result);
      fillRow(row, file, result, edit);
    } catch (error) {
      row.querySelector("span").lastChild.textContent = `failed: ${error.message.replace(`${file.name}: `, "")}`;
    }
  }
  say(`${stopped ? "Stopped: " : ""}${part("outcomes").children.length} of ${files.length} done`);
  setRunning(false);
  part("save").hidden = !done.length;
}

function setRunning(running) {
  for (const name of ["begin", "photos"]) part(name).disabled = running;
  part("stop").disabled = !running;
  part("save").hidden = true;
}

function clear() {
  for (const address of [archive, ...done.flatMap(({ addresses }) => addresses)]) URL.revokeObjectURL(address);
  done = [];
  part("outcomes").replaceChildren();
}

/** Photos from different folders may share their name. */
function freeName(name) {
  const [stem, suffix] = [name.replace(/\.[^.]*$/, ""), name.match(/\.[^.]*$/)[0]];
  const taken = (wanted) => done.some((each) => each.file.name === wanted);
  let number = 1;
  while (taken(number === 1 ? name : `${stem}-${number}${suffix}`)) number++;
  return number === 1 ? name : `${stem}-${number}${suffix}`;
}

function addRow(name, words) {
  const row = document.createElement("li");
  const text = document.createElement("span");
  text.append(Object.assign(document.createElement("b"), { textContent: name }), words);
  row.append(text);
  part("outcomes").append(row);
  return row;
}

function fillRow(row, file, result, edit) {
  const pictures = Object.entries(result.look).map(([alt, src]) => Object.assign(new Image(), { alt, src }));
  const address = URL.createObjectURL(result.file);
  result.addresses = [address, ...Object.values(result.look)];
  const link = Object.assign(document.createElement("a"), { href: address, download: result.file.name, textContent: "Download" });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Edit this one" });
  for (const one of [link, button]) one.setAttribute("aria-label", `${one.textContent} ${file.name}`);
  button.addEventListener("click", () => edit(file));
  const words = row.querySelector("span");
  words.lastChild.textContent = result.file.name;
  words.append(...result.notes.map((note) => Object.assign(document.createElement("small"), { textContent: note })));
  row.prepend(...pictures);
  row.append(link, button);
}

/** All results in one file. */
async function downloadAll() {
  part("save").disabled = true;
  try {
    URL.revokeObjectURL(archive);
    archive = URL.createObjectURL(await zipped(done.map(({ file }) => file)));
    Object.assign(document.createElement("a"), { href: archive, download: "colorized.zip" }).click();
  } catch (error) {
    say(`They could not be put into a ZIP: ${error.message}`);
  }
  part("save").disabled = false;
}
