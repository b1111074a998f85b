// The six lines that vote, each in a small window of its own: flux, the nearest template, and where the line should be.

const REACH = 45; // Angstrom at rest to each side: [N II] stands beside Ha, [S II] is whole
const [WIDTH, HEIGHT] = [100, 56];
const NS = "http://www.w3.org/2000/svg";

/** Draws the windows at a redshift into a place; `figure` is the viewer's, made ready. */
export function drawInsets(place, figure, z) {
  const lines = figure.lines.filter(({ in_cl: votes }) => votes).sort((a, b) => a.wavelength - b.wavelength);
  place.replaceChildren(...lines.map((line) => inset(figure, line, z)));
}

function inset(figure, line, z) {
  const frame = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const at = line.wavelength * (1 + z);
  const half = REACH * (1 + z);
  const inView = figure.wavelength.map((value, i) => i).filter((i) => Math.abs(figure.wavelength[i] - at) <= half);
  const values = inView.map((i) => figure.flux[i]).filter((value) => value !== null);
  caption.textContent = `${line.label} ${at.toFixed(0)} Å`;
  frame.append(caption);
  if (values.length < 5) {
    caption.textContent += ": beyond the spectrum";
    return frame;
  }
  const near = figure.overlays.find(({ flux }) => flux);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i) => (((figure.wavelength[i] - at) / half + 1) / 2) * WIDTH;
  const y = (value) => HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6);
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(element("line", { class: "expected", x1: WIDTH / 2, x2: WIDTH / 2, y1: 0, y2: HEIGHT }));
  if (near) svg.append(element("path", { class: "template", d: path(inView, x, (i) => near.flux[i], y) }));
  svg.append(element("path", { class: "flux", d: path(inView, x, (i) => figure.flux[i], y) }));
  frame.prepend(svg);
  return frame;
}

function path(pixels, x, value, y) {
  let pen = "M";
  return pixels.map((i) => {
    const at = value(i);
    if (at === null || at === undefined || Number.isNaN(at)) { pen = "M"; return ""; }
    const step = `${pen}${x(i).toFixed(1)} ${y(at).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}

function element(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
