// A viewer with its controls in a part of a page (templates/catalog/_viewer.html): z by text and slider, how the spectrum is
// drawn, a feature named, windows on the lines that vote.

import { mountSpectrum } from "../viewer.js";
import { wireDisplay, wireFeature } from "./controls.js";
import { mountInsets } from "./insets.js";
import { followLines } from "./lines.js";

const STEPS = { ArrowRight: 1e-4, ArrowUp: 1e-4, ArrowLeft: -1e-4, ArrowDown: -1e-4, PageUp: 1e-2, PageDown: -1e-2 };
const FINE = 0.1; // with the shift key
const MOST_SAID = 12; // masked stretches that are named

/**
 * Mount what a part of the page holds. `typed` is a redshift to begin with, as its text, `view` the viewer's first options.
 * The handle: viewer, and `typed`, the text of the redshift that the reader chose (null: that of the figure).
 */
export async function mountPage(root, { typed = null, view = {} } = {}) {
  const place = root.querySelector("[data-spectrum]");
  const form = root.querySelector("[data-redshift]");
  const [box, slider, said] = ["#z", "#z-slider", "#z-said"].map((id) => form.querySelector(id));
  const { lowest, highest, own } = box.dataset;
  const source = place.dataset.figure
    ? { figure: JSON.parse(document.getElementById(place.dataset.figure).textContent) } : { url: place.dataset.spectrum };

  /** The redshift that a text says, or null. */
  function redshift(text) {
    const z = Number(text.trim().replace("−", "-"));
    return text.trim() && Number.isFinite(z) && z >= Number(lowest) && z <= Number(highest) ? z : null;
  }

  let named = () => {};
  const first = redshift(typed ?? "");
  const viewer = await mountSpectrum(place, { ...source, z: first, view, onFeature: (wavelength) => named(wavelength) });
  const handle = { viewer, typed: first === null ? null : typed };
  if (viewer.z !== null) slider.value = viewer.z;
  slider.disabled = false;
  form.hidden = false;

  function show(value, text, why) {
    handle.typed = text;
    box.value = text;
    if (document.activeElement !== slider) slider.value = value;
    said.textContent = why;
    box.removeAttribute("aria-invalid");
    return viewer.setZ(value, text);
  }

  form.addEventListener("submit", (event) => {
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
  form.querySelector("[data-own-z]")?.addEventListener("click", () => show(Number(own), own, "The spectrum’s own redshift."));
  form.querySelector("[data-whole]").addEventListener("click", () => viewer.zoom());
  mountInsets(root.querySelector("[data-insets]"), viewer);
  followLines(document.querySelector("[data-lines-at-z]"), viewer);
  wireDisplay(root.querySelector("[data-display]"), viewer);
  named = wireFeature(root.querySelector("[data-feature]"), viewer, show);
  root.querySelector("[data-masked]").textContent = masked(viewer.figure);
  return handle;
}

/** The masked stretches in words. */
function masked({ shaded, wavelength }) {
  const stretches = shaded.slice(0, MOST_SAID).map(({ start, stop, words }) =>
    `${wavelength[start].toFixed(1)} to ${wavelength[stop].toFixed(1)} Å (${[...words].join("; ")})`);
  if (!stretches.length) return "";
  const more = shaded.length > MOST_SAID ? `; and ${shaded.length - MOST_SAID} more` : "";
  return `Masked: ${stretches.join("; ")}${more}.`;
}
