// Runs the modules of webui/tab/ for the tests: reads lines of JSON { script, values }, and answers each with a line
// { result } or { error }. A script is an expression that may use all that the modules export, `state` to keep things
// from one to the next, and the values by their names; typed arrays travel as { type, bytes } in base64.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, npm, ...names] = process.argv.slice(2);
const modules = await Promise.all(names.map((name) => import(`${folder}/${name}.js`)));
const ort = await import(`${npm}/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs`);
const read = async (address) => new Uint8Array(readFileSync(address));
const all = Object.assign({ ort, read, pathToFileURL }, ...modules);
const state = {};

const TYPES = { Uint8Array, Uint8ClampedArray, Float32Array, Float64Array, Int32Array, Uint32Array };

function unpack(name, value) {
  if (!value?.bytes) return value;
  return new TYPES[value.type](Uint8Array.from(Buffer.from(value.bytes, "base64")).buffer);
}

function pack(name, value) {
  if (!ArrayBuffer.isView(value)) return value;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  return { type: value.constructor.name, bytes };
}

const AsyncFunction = (async () => {}).constructor;

for await (const line of createInterface({ input: process.stdin })) {
  const { script, values } = JSON.parse(line, unpack);
  let answer;
  try {
    const inputs = { ...all, state, ...values };
    const result = await new AsyncFunction(...Object.keys(inputs), `return (${script})`)(...Object.values(inputs));
    answer = { result: result ?? null };
  } catch (error) {
    answer = { error: error.stack, message: error.message };
  }
  process.stdout.write(JSON.stringify(answer, pack) + "\n");
}
