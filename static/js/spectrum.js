// The page of a spectrum: its controls and its address follow the viewer, and the viewer follows them.

import { mountSpectrum } from "./viewer.js";
import { readAddress, writeAddress } from "./viewer/address.js";
import { wireDisplay, wireFeature } from "./viewer/controls.js";
import { mountInsets } from "./viewer/insets.js";

const STEPS = { ArrowRight: 1e-4, ArrowUp: 1e-4, ArrowLeft: -1e-4, ArrowDown: -1e-4, PageUp: 1e-2, PageDown: -1e-2 };
const FINE = 0.1; // with the shift key
const SETTLED = 300; // ms without a change before the address is written

const place = document.querySelector("[data-spectrum]");
const box = document.querySelector("#z");
const slider = document.querySelector("#z-slider");
const said = document.querySelector("#z-said");
const { lowest, highest } = box.dataset;
const asked = new URL(location.href).searchParams;

/** The redshift that a text says, or null. */
function redshift(text) {
  const z = Number(text.trim().replace("−", "-"));
  return text.trim() && Number.isFinite(z) && z >= Number(lowest) && z <= Number(highest) ? z : null;
}

let kept = redshift(asked.get("z") ?? "") === null ? null : asked.get("z"); // the text of a z that the reader chose
let writing = null;
let named = () => {};
const viewer = await mountSpectrum(place, {
  url: place.dataset.spectrum,
  z: redshift(kept ?? ""),
  view: readAddress(asked),
  onFeature: (wavelength) => named(wavelength),
});
if (viewer.z !== null) slider.value = viewer.z;
slider.disabled = false;

viewer.listen(() => {
  clearTimeout(writing);
  writing = setTimeout(() => writeAddress(viewer, kept), SETTLED);
});

const masked = viewer.figure.shaded.map(({ start, stop, words }) => {
  const [first, last] = [start, stop].map((pixel) => viewer.figure.wavelength[pixel].toFixed(1));
  return `${first} to ${last} Å (${[...words].join("; ")})`;
});
if (masked.length) {
  const more = masked.length > 12 ? `; and ${masked.length - 12} more` : "";
  document.querySelector("#masked").textContent = `Masked: ${masked.slice(0, 12).join("; ")}${more}.`;
}

async function show(value, text, why) {
  const hadNone = viewer.z === null;
  kept = text;
  box.value = text;
  if (document.activeElement !== slider) slider.value = value;
  said.textContent = why;
  box.removeAttribute("aria-invalid");
  for (const cell of document.querySelectorAll("[data-rest]")) {
    cell.textContent = (Number(cell.dataset.rest) * (1 + value)).toFixed(2);
  }
  for (const cell of document.querySelectorAll("[data-z-text]")) cell.textContent = text;
  await viewer.setZ(value, text);
  if (!hadNone) return;
  writeAddress(viewer, kept);
  location.reload(); // the table of lines comes from the server
}

document.querySelector("#redshift").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.trim();
  const value = redshift(text);
  if (value === null) {
    box.setAttribute("aria-invalid", "true");
    said.textContent = `“${text}” is not a redshift between ${lowest} and ${highest}.`;
    return;
  }
  show(value, text, "As typed.");
});
slider.addEventListener("input", () => show(slider.valueAsNumber, slider.valueAsNumber.toFixed(5), "By the slider."));
slider.addEventListener("keydown", (event) => {
  if (!(event.key in STEPS) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const step = STEPS[event.key] * (event.shiftKey ? FINE : 1);
  const z = Math.min(slider.max, Math.max(slider.min, (viewer.z ?? 0) + step));
  slider.value = z;
  show(z, z.toFixed(6), "By the slider.");
});
document.querySelector("[data-own-z]")?.addEventListener("click", () => {
  show(Number(box.dataset.own), box.dataset.own, "The spectrum’s own redshift.");
});
document.querySelector("[data-whole]").addEventListener("click", () => viewer.zoom());

const display = document.querySelector("[data-display]");
wireDisplay(display, viewer);
named = wireFeature(document.querySelector("[data-feature]"), viewer, show);
await mountInsets(document.querySelector("[data-insets]"), document.querySelector("[data-zooms]"), viewer);
