// Words for colours.

/** The colours of the palette. */
export const PALETTE = [
  ["#e9bd9f", "light skin"], ["#c98f68", "tan skin"], ["#8a5638", "dark skin"], ["#c9606a", "lips"],
  ["#d0a868", "blond"], ["#6b4226", "dark wood"], ["#a8743f", "wood"], ["#a14a36", "brick"],
  ["#c0282d", "red"], ["#dba33a", "mustard"], ["#8fa84a", "grass"], ["#4f7a3a", "leaf"],
  ["#4c8f8b", "teal"], ["#86b6e0", "sky"], ["#2f4a80", "navy"], ["#8a6aa8", "lilac"], ["#8c8c8c", "gray, no colour"],
];

const HUES = [
  [15, "red"], [40, "orange"], [65, "yellow"], [160, "green"], [190, "turquoise"], [255, "blue"], [295, "purple"],
  [340, "pink"], [361, "red"],
];

export const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

export const hex = (values) => "#" + values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("");

/** A word or two for "#rrggbb", and for null, which keeps what is there. */
export function nameOf(color) {
  if (color === null) return "keep";
  const known = PALETTE.find(([each]) => each === color);
  if (known) return known[1];
  const [red, green, blue] = channels(color).map((value) => value / 255);
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const shade = most + least < 0.7 ? "dark " : most + least > 1.4 ? "light " : "";
  if (most - least < 0.09) return `${shade}gray`;
  const sector =
    most === red ? ((green - blue) / (most - least) + 6) % 6
    : most === green ? (blue - red) / (most - least) + 2
    : (red - green) / (most - least) + 4;
  return shade + HUES.find(([limit]) => sector * 60 < limit)[1];
}
