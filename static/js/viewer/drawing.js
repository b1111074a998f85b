// A figure and how it is looked at, as Plotly's traces and layout. Wavelengths come in vacuum and leave in the medium shown.

import { airFromVacuum, vacuumFromAir } from "./air.js";
import { interpolate, smooth, smoothedError } from "./pixels.js";

const LABEL_GAP = 15; // pixels between the labels of two lines
const OVERLAY_ROLES = ["template", "fourth", "first", "third", "unclassified"];
const DASHES = ["solid", "dash", "dot", "longdash", "dashdot"];
const NARROW = 600; // pixels: such a screen needs them for the spectrum

/** From vacuum to the medium shown. */
export function inMedium(view) {
  return view.medium === "air" ? airFromVacuum : (wavelength) => wavelength;
}

/** What is shown of each pixel: flux, error, and the overlays' flux, smoothed as asked. */
export function shownValues(figure, view) {
  const chosen = figure.overlays.filter(({ key, flux }) => flux && view.overlays.includes(key));
  const smoothing = view.smoothing.kind !== "none";
  const smoothed = (values) => (smoothing ? smooth(values, figure.ivar, view.smoothing) : values);
  const flux = smoothed(figure.flux);
  const error = smoothing ? smoothedError(figure.ivar, view.smoothing) : figure.error;
  const overlays = chosen.map((overlay) => ({ ...overlay, flux: smoothed(overlay.flux) }));
  const against = overlays[0];
  const residual = against && flux.map((value, i) =>
    value === null || against.flux[i] === null || !figure.good[i] ? null : value - against.flux[i]);
  return { flux, error, overlays, against, residual };
}

/** Traces and layout for a place so many pixels wide; `values` are what is shown of each pixel. */
export function drawing(figure, view, { flux, error, overlays, against, residual }, width, compact) {
  const medium = inMedium(view);
  const x = view.medium === "air" ? figure.wavelength.map(medium) : figure.wavelength;
  const { parts } = view;
  const line = (role, name, more) => ({ name, meta: { role }, mode: "lines", type: "scatter", line: { width: 1 }, hoverinfo: "skip", ...more });
  const data = [];
  if (parts.error) data.push(line("band", "±1σ", { ...band(x, flux, error), fill: "toself", line: { width: 0 } }));
  overlays.forEach((overlay, n) => data.push(line(OVERLAY_ROLES[n % 5], `${overlay.label}, × ${overlay.scale}`, {
    x, y: overlay.flux, line: { width: 1, dash: DASHES[n % 5] },
  })));
  data.push(line("flux", "flux", {
    x, y: flux, hoverinfo: undefined, customdata: hover(figure, error),
    hovertemplate: "%{x:.2f} Å<br>%{y:.4g} %{customdata}<extra></extra>",
  }));
  if (parts.continuum) data.push(line("continuum", "pseudo-continuum", {
    x: figure.continuum.wavelength.map(medium), y: figure.continuum.flux, line: { width: 2 },
  }));
  if (parts.fit && figure.fit.wavelength.length) data.push(line("fit", "fitted lines", {
    x: figure.fit.wavelength.map((value) => value && medium(value)), y: figure.fit.flux, line: { width: 2 },
  }));
  const below = parts.residual && residual;
  if (below) {
    const zero = flux.map(() => 0);
    data.push(line("band", "", { ...band(x, zero, error), fill: "toself", line: { width: 0 }, yaxis: "y2", showlegend: false }));
    data.push(line("residual", "", { x, y: residual, yaxis: "y2", showlegend: false }));
  }
  const range = shownRange(figure, view);
  const narrow = compact || width < NARROW;
  const ticks = ticksFor(compact, width);
  const layout = {
    xaxis: { title: { text: `Observed ${view.medium} wavelength (Å)` }, range, anchor: below ? "y2" : "y", nticks: ticks },
    yaxis: { title: narrow ? undefined : { text: figure.unit }, range: [...(view.y ?? figure.range)], domain: below ? [0.31, 1] : [0, 1] },
    margin: narrow ? { l: 54, r: 8, t: 52, b: compact ? 44 : 175 } : { l: 68, r: 16, t: 56, b: 96 },
    showlegend: !compact,
    legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", itemclick: false, itemdoubleclick: false, font: { size: narrow ? 11 : 13 } },
    hovermode: "x",
    dragmode: "zoom",
    shapes: [...bands(figure, view), ...linesAt(figure, view, width - (narrow ? 62 : 84))],
  };
  if (below) {
    layout.yaxis2 = {
      title: narrow ? undefined : { text: "flux − nearest" }, domain: [0, 0.26], anchor: "x", zeroline: true, nticks: 4,
      range: [...(view.y2 ?? symmetric(residual))],
    };
    if (!narrow) layout.yaxis2.title.text = against.kind === "template" ? "flux − template" : "flux − other";
  }
  if (view.z !== null) {
    // A second axis is drawn only where a trace uses it.
    data.push({ x: [range[0]], y: [null], type: "scatter", xaxis: "x2", showlegend: false, hoverinfo: "skip" });
    layout.xaxis2 = {
      title: { text: `Rest ${view.medium} wavelength (Å)` }, overlaying: "x", side: "top", anchor: "y",
      matches: "x", range: [...range], showgrid: false, tickmode: "array", ...restTicks(figure, view, ticks),
    };
  }
  return { data, layout };
}

/** The wavelengths in view, in the medium shown. */
export function shownRange(figure, view) {
  return (view.x ?? [figure.wavelength[0], figure.wavelength.at(-1)]).map(inMedium(view));
}

/** How many ticks an axis has at most. */
export function ticksFor(compact, width) {
  return compact || width < NARROW ? 5 : 12;
}

/**
 * Ticks of the rest axis at round wavelengths, and where they are observed: brought to vacuum, shifted, brought to the medium
 * shown. The axis itself is that of the observed wavelengths, so that another redshift moves ticks and no data.
 */
export function restTicks(figure, view, most) {
  const medium = inMedium(view);
  const toVacuum = view.medium === "air" ? vacuumFromAir : Number;
  const [first, last] = shownRange(figure, view).map((edge) => medium(toVacuum(edge) / (1 + view.z)));
  const decade = 10 ** Math.floor(Math.log10((last - first) / most));
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((wide) => (last - first) / wide <= most);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const from = Math.ceil(first / step);
  const rest = Array.from({ length: Math.floor(last / step) - from + 1 }, (_, i) => (from + i) * step);
  return { tickvals: rest.map((at) => medium(toVacuum(at) * (1 + view.z))), ticktext: rest.map((at) => at.toFixed(digits)) };
}

/** The lines that are on, at the redshift, and their labels, both as shapes; labels that would touch are thinned out. */
export function linesAt(figure, view, width) {
  if (view.z === null) return [];
  const [first, last] = shownRange(figure, view);
  const ends = [figure.wavelength[0], figure.wavelength.at(-1)];
  const shown = figure.lines
    .filter(({ key }) => !view.hidden.has(key))
    .map((line) => ({ ...line, vacuum: line.wavelength * (1 + view.z) }))
    .filter(({ vacuum }) => vacuum >= ends[0] && vacuum <= ends[1])
    .map((line) => ({ ...line, at: inMedium(view)(line.vacuum) }));
  const lines = shown.map((line) => ({
    name: `line:${line.key}`, type: "line", x0: line.at, x1: line.at, yref: "paper", y0: 0, y1: 1,
    layer: "below", line: { width: 1, dash: line.kind === "emission" ? "dot" : "dashdot" },
  }));
  // The six lines that vote stay, then emission, then absorption.
  const rank = ({ in_cl: votes, kind }) => (votes ? 0 : kind === "emission" ? 1 : 2);
  const labels = [];
  const taken = [];
  for (const line of [...shown].sort((a, b) => rank(a) - rank(b) || a.at - b.at)) {
    const at = ((line.at - first) / (last - first)) * width;
    if (at < 0 || at > width || taken.some((other) => Math.abs(other - at) < LABEL_GAP)) continue;
    taken.push(at);
    // Not an annotation: to move one of those Plotly draws everything anew.
    labels.push({
      name: `label:${line.key}`, type: "line", x0: line.at, x1: line.at, yref: "paper", y0: 0.9, y1: 0.995, line: { width: 0 },
      label: { text: line.label, textangle: -90, textposition: "end", xanchor: "right", yanchor: "bottom", padding: 2, font: { size: 11 } },
    });
  }
  return [...lines, ...labels];
}

/** Stretches that stay where they are when the redshift changes. */
export function bands(figure, view) {
  const medium = inMedium(view);
  const fixed = view.parts.sky ? figure.bands.map(({ kind, first, last }) => [kind, first, last]) : [];
  const masks = view.parts.masks
    ? figure.shaded.map(({ start, stop }) => ["mask", figure.wavelength[start], figure.wavelength[stop]]) : [];
  return [...fixed, ...masks].map(([name, first, last]) => ({
    name, type: "rect", x0: medium(first), x1: medium(last), yref: "paper", y0: 0, y1: 1, layer: "below", line: { width: 0 },
  }));
}

/** A polygon flux + sigma there, flux - sigma back, for each stretch with an error. */
function band(x, flux, error) {
  const outline = { x: [], y: [] };
  for (let start = 0; start < x.length; start += 1) {
    if (!(error[start] > 0) || flux[start] === null) continue;
    let stop = start;
    while (stop < x.length && error[stop] > 0 && flux[stop] !== null) stop += 1;
    for (let i = start; i < stop; i += 1) { outline.x.push(x[i]); outline.y.push(flux[i] + error[i]); }
    for (let i = stop - 1; i >= start; i -= 1) { outline.x.push(x[i]); outline.y.push(flux[i] - error[i]); }
    outline.x.push(null);
    outline.y.push(null);
    start = stop;
  }
  return outline;
}

function hover(figure, error) {
  return figure.why.map((why, i) => `${error[i] > 0 ? `± ${error[i].toPrecision(2)}` : ""}${why ? `<br>mask: ${why}` : ""}`);
}

/** A range about 0 that holds nearly all values. */
function symmetric(values) {
  const sizes = values.filter((value) => value !== null).map(Math.abs).sort((a, b) => a - b);
  const size = 1.15 * (sizes[Math.floor(0.995 * (sizes.length - 1))] || 1);
  return [-size, size];
}

/** The continuum on the figure's pixels. */
export function continuumOnPixels(figure) {
  return interpolate(figure.wavelength, figure.continuum.wavelength, figure.continuum.flux);
}
