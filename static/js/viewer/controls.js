// The controls of how a spectrum is drawn: smoothing, medium, parts, lines, spectra drawn over it, saving.

import { download, ecsv } from "./save.js";

/** Fill a form from the viewer, and have the viewer follow it. */
export function wireDisplay(form, viewer) {
  const { figure, view } = viewer;
  form.elements.kind.value = view.smoothing.kind;
  form.elements.width.value = view.smoothing.width;
  form.elements.medium.value = view.medium;
  for (const box of form.querySelectorAll("[name=part]")) box.checked = view.parts[box.value];
  fill(form.querySelector("[data-lines]"), figure.lines.map(({ key, label, kind }) => ({
    name: "line", value: key, label: kind === "emission" ? label : `${label} (absorption)`, checked: !view.hidden.has(key),
  })));
  const overlays = form.querySelector("[data-overlays]");
  fill(overlays, figure.overlays.map(({ key, label, kind, z, link }) => ({
    name: "overlay", value: key, link, checked: view.overlays.includes(key),
    label: `${kind === "template" ? "template" : "same source:"} ${label}${z === null ? "" : `, z ${z.toFixed(5)}`}`,
  })));
  if (!figure.overlays.length) overlays.textContent = "No template or other spectrum of the source is held.";
  form.hidden = false;
  viewer.listen(({ view: { overlays: drawn } }) => {
    for (const box of overlays.querySelectorAll("input")) box.checked = drawn.includes(box.value);
  });

  const said = form.querySelector("[data-said]");
  const chosen = (name) => [...form.querySelectorAll(`[name=${name}]`)];
  const apply = async () => {
    const width = form.elements.width.valueAsNumber;
    const sound = width >= 1 && width <= 51;
    form.elements.width.setAttribute("aria-invalid", String(!sound));
    said.textContent = sound ? "" : "A width is 1 to 51 pixels.";
    if (!sound) return;
    try {
      await viewer.options({
        smoothing: { kind: form.elements.kind.value, width },
        medium: form.elements.medium.value,
        parts: Object.fromEntries(chosen("part").map((box) => [box.value, box.checked])),
        hidden: chosen("line").filter((box) => !box.checked).map((box) => box.value),
        overlays: chosen("overlay").filter((box) => box.checked).map((box) => box.value),
      });
    } catch (error) {
      said.textContent = error.message;
    }
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  for (const button of form.querySelectorAll("[data-all]")) {
    button.addEventListener("click", () => {
      for (const box of chosen("line")) box.checked = button.dataset.all === "on";
      apply();
    });
  }
  for (const button of form.querySelectorAll("[data-picture]")) {
    button.addEventListener("click", () => viewer.picture(button.dataset.picture));
  }
  form.querySelector("[data-table]").addEventListener("click", () => {
    download(`${viewer.figure.name}.csv`, ecsv(viewer), "text/csv");
  });
}

function fill(list, items) {
  list.replaceChildren(...items.map(({ name, value, label, checked, link }) => {
    const line = document.createElement("div");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value, checked });
    const words = document.createElement("label");
    words.className = "check";
    words.append(box, label);
    line.append(words);
    if (link) {
      const page = Object.assign(document.createElement("a"), { href: link, textContent: "its page" });
      page.setAttribute("aria-label", `Page of ${label}`);
      line.append(page);
      line.className = "linked";
    }
    return line;
  }));
}

/** Name a feature: its wavelength, clicked or typed, and the line that it is give the redshift. */
export function wireFeature(form, viewer, setZ) {
  const { at, line } = form.elements;
  const said = form.querySelector("[data-said]");
  line.replaceChildren(new Option("choose the line", ""), ...viewer.figure.lines.map(({ key, label }) => new Option(label, key)));
  form.hidden = false;
  const name = () => {
    const rest = viewer.figure.lines.find(({ key }) => key === line.value)?.wavelength;
    const observed = Number(at.value);
    if (!rest || !(observed > 0)) {
      said.textContent = "Click a feature in the figure or type its wavelength, then choose the line that it is.";
      return;
    }
    const z = observed / rest - 1;
    said.textContent = `${line.selectedOptions[0].label} at ${at.value} Å (vacuum): z ${z.toFixed(5)}.`;
    setZ(z, String(z), said.textContent);
  };
  line.addEventListener("change", name);
  form.addEventListener("submit", (event) => { event.preventDefault(); name(); });
  return (wavelength) => {
    at.value = wavelength.toFixed(2);
    line.value = "";
    said.textContent = `A feature at ${at.value} Å (vacuum): which line is it?`;
    line.focus({ preventScroll: true });
  };
}
