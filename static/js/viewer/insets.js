// Small windows, one on each line that votes for a redshift: they follow z, and lead the figure to their line and back.
// Plain SVG, so that all six are drawn anew at each step of a slider.

import { within } from "./pixels.js";

const SPEED_OF_LIGHT = 299792.458; // km/s
const REACH = 1500; // km/s either side: [N II] stands beside Ha, [S II] is whole
const ZOOM = 60; // Angstrom either side, at rest, that a window leads to
const FEWEST = 3; // pixels that are worth a picture
const [WIDTH, HEIGHT] = [120, 60];
const SVG = "http://www.w3.org/2000/svg";

/** Windows on the lines of the spectrum that a viewer shows. */
export function mountInsets(place, viewer) {
  const windows = viewer.figure.lines.filter(({ in_cl: votes }) => votes).sort((a, b) => a.wavelength - b.wavelength).map(windowOn);
  let waiting = false;

  function draw() {
    waiting = false;
    if (!viewer.figure) return;
    place.hidden = viewer.z === null;
    if (!place.hidden) for (const one of windows) one.draw(viewer);
  }

  place.replaceChildren(...windows.map(({ button }) => button));
  windows.forEach(({ button, line }) => button.addEventListener("click", () => {
    const [at, half] = [line.wavelength * (1 + viewer.z), ZOOM * (1 + viewer.z)];
    const [first, last] = viewer.view.x ?? [];
    const there = Math.abs(first - (at - half)) < 1 && Math.abs(last - (at + half)) < 1;
    viewer.zoom(there ? null : [at - half, at + half]);
  }));
  viewer.listen(() => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  });
  draw();
}

function windowOn(line) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "inset" });
  const parts = Object.fromEntries(["title", "high", "low", "ticks"].map((name) => {
    const part = Object.assign(document.createElement("span"), { className: name });
    part.setAttribute("aria-hidden", "true");
    return [name, part];
  }));
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const paths = Object.fromEntries(["template", "flux", "fit"].map((name) => [name, element("path", { class: name })]));
  svg.append(element("line", { class: "expected", x1: WIDTH / 2, x2: WIDTH / 2, y1: 0, y2: HEIGHT }), ...Object.values(paths));
  parts.ticks.append(...[`−${REACH}`, "0", `${REACH} km/s`].map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  button.append(parts.title, svg, parts.high, parts.low, parts.ticks);

  function draw({ figure, view, values, z }) {
    const at = line.wavelength * (1 + z);
    const reach = at * (REACH / SPEED_OF_LIGHT);
    const [start, stop] = within(figure.wavelength, at - reach, at + reach);
    const empty = stop - start < FEWEST;
    parts.title.textContent = `${line.label} ${empty ? "outside the spectrum" : `${at.toFixed(0)} Å`}`;
    button.setAttribute("aria-label", `Zoom to ${line.label}, ${empty ? "outside the spectrum" : `at ${at.toFixed(0)} Å`}`);
    button.disabled = empty;
    button.classList.toggle("empty", empty);
    const [low, high] = empty ? [0, 1] : span(figure, values, start, stop);
    parts.high.textContent = empty ? "" : short(high);
    parts.low.textContent = empty ? "" : short(low);
    const x = (wave) => (((wave - at) / reach + 1) / 2) * WIDTH;
    const y = (value) => HEIGHT - ((value - low) / (high - low)) * HEIGHT;
    const pixels = Array.from({ length: stop - start }, (_, i) => [x(figure.wavelength[start + i]), start + i]);
    paths.flux.setAttribute("d", steps(pixels, values.flux, y));
    paths.template.setAttribute("d", values.against ? polyline(pixels, values.against.flux, y) : "");
    const fitted = view.parts.fit ? figure.fit.wavelength.map((wave, i) => [x(wave ?? NaN), i]).filter(([u]) => u >= 0 && u <= WIDTH) : [];
    paths.fit.setAttribute("d", polyline(fitted, figure.fit.flux, y));
  }

  return { button, line, draw };
}

/** Lowest and highest of what may be used, with a margin; of all where nothing may. */
function span(figure, { flux }, start, stop) {
  const given = flux.slice(start, stop).filter((value) => value !== null);
  const good = flux.slice(start, stop).filter((value, i) => value !== null && figure.good[start + i]);
  const used = good.length ? good : given;
  if (!used.length) return [0, 1];
  const [low, high] = [Math.min(...used), Math.max(...used)];
  const margin = 0.06 * (high - low) || 1;
  return [low - margin, high + margin];
}

/** A histogram's outline: each pixel has its width. */
function steps(pixels, values, y) {
  let [path, pen] = ["", false];
  pixels.forEach(([x, i], n) => {
    if (values[i] === null) { pen = false; return; }
    const before = n ? (pixels[n - 1][0] + x) / 2 : x;
    const after = n + 1 < pixels.length ? (x + pixels[n + 1][0]) / 2 : x;
    const height = y(values[i]).toFixed(1);
    path += `${pen ? `V${height}` : `M${before.toFixed(1)} ${height}`}H${after.toFixed(1)}`;
    pen = true;
  });
  return path;
}

function polyline(pixels, values, y) {
  let [path, pen] = ["", "M"];
  for (const [x, i] of pixels) {
    if (values[i] === null || values[i] === undefined) { pen = "M"; continue; }
    path += `${pen}${x.toFixed(1)} ${y(values[i]).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
