// What all figures share: fetching, colours from the page's style sheet, dark and light, one way to draw.

const scheme = matchMedia("(prefers-color-scheme: dark)");
const ROLES = {
  flux: "--fig-flux", band: "--fig-band", template: "--fig-template", continuum: "--fig-continuum", fit: "--fig-fit", residual: "--fig-flux", curve: "--ink",
  "star-forming": "--fig-sf", composite: "--fig-composite", LINER: "--fig-liner", Seyfert: "--fig-seyfert",
  unclassified: "--fig-unclassified",
  first: "--fig-sf", second: "--fig-seyfert", third: "--fig-liner", fourth: "--fig-composite",
  inside: "--fig-sf", near: "--fig-seyfert", galaxy: "--fig-unclassified", other: "--control",
};
const SHAPES = { sky: "--fig-sky", join: "--fig-join", mask: "--fig-mask" };

export const CONFIG = {
  responsive: true,
  displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "svg" },
  plotGlPixelRatio: Math.min(2, Math.max(1, devicePixelRatio)), // no finer than the screen: 2, as Plotly has it, costs four times 1
};

const known = new Map(); // colours by name: a figure asks for some a hundred times
scheme.addEventListener("change", () => known.clear());

export function colour(name) {
  if (!known.has(name)) known.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return known.get(name);
}

/** The colour of a role, as `paint` gives it to a trace. */
export function roleColour(role) {
  return colour(ROLES[role]);
}

/** The figure's JSON; throws an Error with the server's own words. */
export async function fetchFigure(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  const figure = await response.json().catch(() => null);
  if (!response.ok || !figure) throw new Error(figure?.error ?? `The server answered ${response.status}.`);
  return figure;
}

const BUNDLES = {
  basic: "../vendor/plotly-basic-4.1.1.min.js", // lines, points and bars in SVG: a fifth of the whole
  whole: "../vendor/plotly-strict-4.1.1.min.js", // WebGL and maps of counts, too
};
const bundles = {};

/**
 * Plotly; `whole` for what is more than lines, points and bars. A page that will draw has it in its head
 * (templates/catalog/_viewer_head.html), others fetch it when the first figure needs it.
 */
export function plotly({ whole = false } = {}) {
  if (window.Plotly && !whole) return Promise.resolve(window.Plotly);
  const name = whole || bundles.whole ? "whole" : "basic";
  bundles[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(BUNDLES[name], import.meta.url);
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => {
      delete bundles[name]; // the next figure tries again
      reject(new Error("The drawing library could not be fetched: reload the page to try again."));
    });
    document.head.append(script);
  });
  return bundles[name];
}

function axisColours() {
  return { gridcolor: colour("--fig-grid"), linecolor: colour("--control"), tickcolor: colour("--control"), zerolinecolor: colour("--fig-grid") };
}

/** Gives every part of a figure the colour of its role, in place. */
export function paint({ data, layout }, lines = {}) {
  for (const trace of data) {
    const role = trace.meta?.role;
    if (!(role in ROLES)) continue;
    const value = roleColour(role);
    if (role === "band") trace.fillcolor = value;
    if (trace.mode === "markers" || trace.type === "bar") trace.marker = { ...trace.marker, color: value };
    else trace.line = { ...trace.line, color: role === "band" ? "rgba(0,0,0,0)" : value };
  }
  paintShapes(layout.shapes ?? [], lines);
  Object.assign(layout, {
    paper_bgcolor: colour("--surface"),
    plot_bgcolor: colour("--surface"),
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--ink") },
    hoverlabel: { bgcolor: colour("--soft"), bordercolor: colour("--control"), font: { color: colour("--ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--muted"), activecolor: colour("--accent") },
  });
  for (const axis of Object.keys(layout)) if (/^[xy]axis\d*$/.test(axis)) Object.assign(layout[axis], axisColours());
}

/** Gives bands the colour of their kind, and spectral lines and their labels that of theirs, in place. */
export function paintShapes(shapes, lines = {}) {
  for (const shape of shapes) {
    if (shape.name in SHAPES) shape.fillcolor = colour(SHAPES[shape.name]);
    else if (shape.name in lines) (shape.label?.font ?? shape.line).color = lineColour(lines[shape.name]);
    if (shape.label) shape.label.font.shadow = Array(4).fill(`0 0 2px ${colour("--surface")}`).join(", "); // data may lie behind it
  }
}

function lineColour(line) {
  return colour(line.kind === "emission" ? "--fig-line" : "--fig-absorption");
}

/** Calls back when the reader's system turns dark or light; gives back what ends it. */
export function onScheme(callback) {
  scheme.addEventListener("change", callback);
  return () => scheme.removeEventListener("change", callback);
}

/** Says in words, in the figure's place, why there is none. */
export function fail(place, error) {
  const said = document.createElement("p");
  said.className = "notice error";
  said.setAttribute("role", "alert");
  said.textContent = error.message;
  place.replaceChildren(said);
}
