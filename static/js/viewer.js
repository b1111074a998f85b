// The spectrum viewer: one spectrum drawn in a place of any page.
//
//   const viewer = await mountSpectrum(place, { url, z: null, compact: false, onZ: (z, text) => {} });
//
// `place` is an element with a height. `url` answers with a figure, or `figure` is one: what `spectrum_figure()` of
// catalog/figures/spectrum.py gives for a spectrum's arrays, held or just uploaded. Wavelengths are vacuum Angstrom:
//
//   { name, unit,                     // the flux unit in words
//     z,                              // the redshift of the first view, or null
//     wavelength, flux, error,        // of each pixel; error is one sigma, null where there is none
//     masks: [{ pixels: [i, j], first, last, bad, why }],    // runs, ends included; bad: not to be used; why in words
//     bands: [{ kind, first, last, why }],                   // "sky" and "join" stay when z changes
//     continuum: { wavelength, flux },                       // the running median, on its own sparse grid
//     fit: { wavelength, flux },                             // measured Gaussians; null between two windows
//     overlays: [{ key, label, kind, z, link, url, flux?, scale? }],   // kind "template" (nearest first) or "epoch";
//                                     // flux, on this spectrum's pixels, comes from `url` when it is not there yet
//     range: [low, high],             // of the flux axis
//     lines: [{ key, label, wavelength, kind, in_cl }] }     // the one line table, at rest
//
// Options: `z` overrides the figure's own; `compact` leaves out legend and residual; `view` are first options;
// `onZ(z, text)` follows the redshift, whoever set it, `text` as typed; `onFeature(wavelength)` is called with the
// centre of the feature that was clicked; `onChange(viewer)` after anything that a shared address would hold.
// An error of the server is said in the place and thrown.
//
// The handle:
//   z, text, figure, values           // what is shown; values: flux, error, overlays, against, residual as drawn, smoothed
//   view                              // how it is shown: { medium, smoothing, parts, hidden, overlays, x, y }
//   setZ(z, text)                     // lines, rest axis; zoom stays; `text` keeps what was typed
//   show({ url, figure, z })          // the next spectrum in the same place: its own z, overlays and whole range
//   zoom([first, last], [low, high])  // vacuum Angstrom, flux; zoom() shows all
//   options({ medium: "vacuum" | "air", smoothing: { kind: "none" | "box" | "gaussian", width },
//             parts: { error, masks, sky, continuum, fit, residual }, hidden: line keys, overlays: overlay keys })
//   listen(callback)                  // as onChange; gives back what ends it
//   picture("svg" | "png"), destroy()

import { CONFIG, fail, fetchFigure, onScheme, paint, paintShapes, plotly } from "./figure.js";
import { vacuumFromAir } from "./viewer/air.js";
import { bands, drawing, linesAt, restTicks, shownValues, ticksFor } from "./viewer/drawing.js";
import { featureNear, ready } from "./viewer/pixels.js";

const PARTS = { error: true, masks: true, sky: true, continuum: true, fit: true, residual: true };
const VIEWER_CONFIG = { ...CONFIG, doubleClick: false, modeBarButtonsToRemove: [...CONFIG.modeBarButtonsToRemove, "toImage", "resetScale2d"] };

export async function mountSpectrum(place, { url, figure, z = null, compact = false, view = {}, onZ, onFeature, onChange } = {}) {
  const listeners = new Set(onChange ? [onChange] : []);
  const shown = {
    z: null, text: "", medium: "vacuum", smoothing: { kind: "none", width: 3 }, hidden: new Set(), overlays: [],
    x: null, y: null, y2: null, parts: { ...PARTS, residual: !compact },
  };
  let current = null;
  let values = null;
  let asked = 0; // the newest call of show; answers to older ones are dropped
  let ours = 0; // our own changes of the layout also fire the event of the reader's
  let settling = null;
  const told = (handle) => listeners.forEach((callback) => callback(handle));
  const width = () => place.clientWidth;
  const lines = () => Object.fromEntries(current.lines.flatMap((line) => ["line", "label"].map((part) => [`${part}:${line.key}`, line])));

  async function plot(how) {
    ours += 1;
    try {
      const Plotly = await plotly();
      const drawn = drawing(current, shown, values, width(), compact);
      paint(drawn, lines());
      await Plotly[how](place, drawn.data, drawn.layout, VIEWER_CONFIG);
    } finally {
      ours -= 1;
    }
  }

  /** Only what follows z: far cheaper than all, so that a slider may be dragged. */
  async function moveLines() {
    if (settling) { settling.again = true; return settling.done; }
    settling = { again: true };
    settling.done = (async () => {
      while (settling.again) {
        settling.again = false;
        await new Promise(requestAnimationFrame);
        if (!current) break;
        const area = width() - place.layout.margin.l - place.layout.margin.r;
        const update = { shapes: [...bands(current, shown), ...linesAt(current, shown, area)] };
        paintShapes(update.shapes, lines());
        if (shown.z !== null) {
          const { tickvals, ticktext } = restTicks(current, shown, ticksFor(compact, width()));
          Object.assign(update, { "xaxis2.tickvals": tickvals, "xaxis2.ticktext": ticktext });
        }
        ours += 1;
        try { await window.Plotly.relayout(place, update); } finally { ours -= 1; }
      }
      settling = null;
    })();
    return settling.done;
  }

  const zoomed = (change) => {
    if (ours || !current) return;
    const names = Object.keys(change);
    if (!names.some((name) => /^[xy]axis/.test(name) || name === "autosize")) return;
    const { xaxis, yaxis, yaxis2 } = place.layout;
    const toVacuum = shown.medium === "air" ? vacuumFromAir : Number;
    if (names.some((name) => name.startsWith("xaxis"))) shown.x = xaxis.range.map(Number).map(toVacuum);
    if (names.some((name) => name.startsWith("yaxis.") || name.startsWith("yaxis["))) shown.y = yaxis.range.map(Number);
    if (names.some((name) => name.startsWith("yaxis2"))) shown.y2 = yaxis2.range.map(Number);
    moveLines();
    told(handle);
  };

  /** Fetch the flux of overlays that are wanted and not there yet. */
  async function fetchOverlays() {
    const missing = current.overlays.filter(({ key, flux }) => shown.overlays.includes(key) && !flux);
    await Promise.all(missing.map(async (overlay) => Object.assign(overlay, await fetchFigure(overlay.url))));
  }

  const handle = {
    get z() { return shown.z; },
    get text() { return shown.text; },
    get figure() { return current; },
    get view() { return shown; },
    get values() { return values; },
    async setZ(value, text = String(value)) {
      const axis = (shown.z === null) !== (value === null);
      Object.assign(shown, { z: value, text });
      onZ?.(value, text);
      told(handle);
      await (axis ? plot("react") : moveLines());
    },
    async show({ url: next, figure: given, z: at = null, view: wanted = {} }) {
      asked += 1;
      const mine = asked;
      try {
        const [answer] = await Promise.all([given ?? fetchFigure(next), plotly()]);
        if (mine !== asked) return;
        const first = !current;
        current = ready(answer);
        const value = at ?? current.z;
        const near = current.overlays.find(({ flux }) => flux);
        Object.assign(shown, { z: value, text: value === null ? "" : String(value), overlays: near ? [near.key] : [], x: null, y: null, y2: null });
        merge(wanted);
        await fetchOverlays();
        if (mine !== asked) return;
        values = shownValues(current, shown);
        if (first) place.replaceChildren();
        await plot(first ? "newPlot" : "react");
        if (first) listenToReader();
      } catch (error) {
        if (mine === asked) {
          if (current) window.Plotly?.purge(place);
          current = null; // what is shown next is drawn anew
          fail(place, error);
        }
        throw error;
      }
      onZ?.(shown.z, shown.text);
      told(handle);
    },
    async zoom(x = null, y = null) {
      Object.assign(shown, { x, y, y2: null });
      told(handle);
      await plot("react");
    },
    async options(wanted) {
      merge(wanted);
      await fetchOverlays();
      values = shownValues(current, shown);
      await plot("react");
      told(handle);
    },
    listen(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async picture(format) {
      const Plotly = await plotly();
      const { clientWidth, clientHeight } = place;
      await Plotly.downloadImage(place, { format, filename: current.name, width: clientWidth, height: clientHeight, scale: format === "png" ? 2 : 1 });
    },
    destroy() {
      asked += 1;
      listeners.clear();
      endScheme();
      if (current) window.Plotly.purge(place);
      place.replaceChildren();
      current = null;
    },
  };

  function merge({ parts, hidden, ...others }) {
    Object.assign(shown, others);
    if (parts) Object.assign(shown.parts, parts);
    if (hidden) shown.hidden = new Set(hidden);
  }

  function listenToReader() {
    place.on("plotly_relayout", zoomed);
    place.on("plotly_doubleclick", () => handle.zoom());
    place.on("plotly_click", ({ points: [point] }) => {
      if (!onFeature || !point) return;
      const at = shown.medium === "air" ? vacuumFromAir(point.x) : point.x;
      onFeature(featureNear(current, at));
    });
  }

  const endScheme = onScheme(() => current && plot("react"));
  await handle.show({ url, figure, z, view });
  return handle;
}
