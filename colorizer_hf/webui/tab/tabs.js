// The tabs of the page, as the ARIA practices have them: the arrow keys turn to another one.

const tabs = () => [...document.querySelectorAll("[role=tab]")];

export function showTab(name) {
  for (const tab of tabs()) {
    const shown = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", shown);
    tab.tabIndex = shown ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !shown;
  }
}

export function wireTabs() {
  for (const [place, tab] of tabs().entries()) {
    tab.addEventListener("click", () => showTab(tab.getAttribute("aria-controls")));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (!step) return;
      const other = tabs().at((place + step) % tabs().length);
      other.click();
      other.focus();
    });
  }
}
