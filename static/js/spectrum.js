// The page of a spectrum: its controls and its address follow the viewer, and the viewer follows them.

import { mountSpectrum } from "./viewer.js";

const place = document.querySelector("[data-spectrum]");
const box = document.querySelector("#z");
const said = document.querySelector("#z-said");
const { lowest, highest } = box.dataset;
const asked = new URL(location.href).searchParams;

/** The redshift that a text says, or null. */
function redshift(text) {
  const z = Number(text.trim().replace("−", "-"));
  return text.trim() && Number.isFinite(z) && z >= Number(lowest) && z <= Number(highest) ? z : null;
}

const typed = asked.get("z") ?? "";
const viewer = await mountSpectrum(place, { url: place.dataset.spectrum, z: redshift(typed) });

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
  said.textContent = why;
  box.removeAttribute("aria-invalid");
  for (const cell of document.querySelectorAll("[data-rest]")) {
    cell.textContent = (Number(cell.dataset.rest) * (1 + value)).toFixed(2);
  }
  for (const cell of document.querySelectorAll("[data-z-text]")) cell.textContent = text;
  const address = new URL(location.href);
  address.searchParams.set("z", text);
  history.replaceState(null, "", address);
  if (hadNone) location.reload(); // the table of lines comes from the server
  else await viewer.setZ(value, text);
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
document.querySelector("[data-own-z]")?.addEventListener("click", () => {
  box.value = box.dataset.own;
  show(Number(box.dataset.own), box.dataset.own, "The spectrum’s own redshift.");
});
document.querySelector("[data-whole]").addEventListener("click", () => viewer.zoom());
