// The stage's elements on the page.

export let element = null;

/** Take the element that holds stage.html. */
export function mount(host) {
  element = host;
}

export const part = (name) => element.querySelector(`[data-testid="${name}"]`);

export const TEXT_FIELD = "textarea, select, [contenteditable=''], [contenteditable=true], " +
  "input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=color], [type=file])";

export function on(target, events, listener, options) {
  for (const event of events.split(" ")) target.addEventListener(event, listener, options);
}

/** Call `take` with the files a person chooses, the same file twice as well. */
export function onFiles(input, take) {
  const taken = () => {
    const files = [...input.files];
    input.value = "";
    take(files);
  };
  on(input, "change", taken);
  if (input.files.length) setTimeout(taken); // chosen before this script had arrived
}

/** Replace what a container holds; the focus stays at its place in the row. */
export function fill(container, nodes) {
  const focused = [...container.children].indexOf(document.activeElement);
  container.replaceChildren(...nodes);
  if (focused >= 0) container.children[Math.min(focused, nodes.length - 1)]?.focus({ preventScroll: true });
}

export function makeButton(testid, label, onclick, imageUrl) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: testid, title: label, onclick });
  button.dataset.testid = testid;
  button.setAttribute("aria-label", label);
  if (imageUrl) button.append(Object.assign(new Image(), { src: imageUrl, alt: "", draggable: false }));
  return button;
}
