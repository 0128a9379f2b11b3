// The page without a server: its tabs, and the stage with its backend in a worker.

import { start } from "../stage/main.js";
import { TabBackend } from "./backend.js";
import { wireManyPhotos } from "./many_photos.js";
import { showTab, wireTabs } from "./tabs.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Styles of the stage ask for the class. */
const followTheme = () => document.documentElement.classList.toggle("dark", dark.matches);

const id = (name) => document.getElementById(name);

function sayReady(ready) {
  id("loading").textContent = ready ? "" : "The model did not arrive; check the connection and reload the page.";
  document.documentElement.dataset.ready = ready;
}

followTheme();
dark.addEventListener("change", followTheme);
wireTabs();
const facts = JSON.parse(id("facts").textContent);
const backend = new TabBackend(id("stage").firstElementChild, facts, sayReady);
start(backend);
wireManyPhotos(backend, (file) => {
  showTab("one");
  id("stage").dispatchEvent(new CustomEvent("stage-open", { detail: file }));
});
navigator.serviceWorker?.register("service_worker.js");
