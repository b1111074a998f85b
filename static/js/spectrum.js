// The spectrum's figure: lines move with z, the zoom and every typed digit of z stay.

import { CONFIG, fail, fetchFigure, onScheme, pageReady, paint } from "./figure.js";

const LABEL_GAP = 15; // pixels between the labels of two lines
const place = document.querySelector("[data-spectrum]");
const box = document.querySelector("#z");
const said = document.querySelector("#z-said");

/** Labels that would touch: the six lines that vote stay, then emission, then absorption. */
function thin(annotations, lines, [first, last], width) {
  const rank = (label) => (lines[label.name].in_cl ? 0 : lines[label.name].kind === "emission" ? 1 : 2);
  const taken = [];
  const order = [...annotations].sort((a, b) => rank(a) - rank(b) || a.x - b.x);
  for (const label of order) {
    const at = ((label.x - first) / (last - first)) * width;
    label.visible = at >= 0 && at <= width && taken.every((other) => Math.abs(other - at) >= LABEL_GAP);
    if (label.visible) taken.push(at);
  }
}

function linesAt(z, figure, view) {
  const within = figure.lines.filter(({ rest }) => rest * (1 + z) >= view[0] && rest * (1 + z) <= view[1]);
  const shapes = within.map((line) => ({
    name: `line:${line.key}`, type: "line", x0: line.rest * (1 + z), x1: line.rest * (1 + z), yref: "paper", y0: 0, y1: 1,
    layer: "below", line: { width: 1, dash: line.kind === "emission" ? "dot" : "dashdot" },
  }));
  const annotations = within.map((line) => ({
    name: `line:${line.key}`, text: line.label, x: line.rest * (1 + z), yref: "paper", y: 0.995, yanchor: "top",
    xanchor: "right", textangle: -90, showarrow: false, font: { size: 11 },
  }));
  return { shapes, annotations };
}

async function draw() {
  const figure = await fetchFigure(withZ(place.dataset.spectrum));
  await pageReady();
  const { data, layout } = figure;
  const lines = Object.fromEntries(figure.lines.map((line) => [`line:${line.key}`, { ...line, rest: line.wavelength }]));
  figure.lines = Object.values(lines);
  const whole = [...layout.xaxis.range];
  const bands = layout.shapes.filter((shape) => !(shape.name in lines));
  let z = figure.z;

  const width = () => place.clientWidth - layout.margin.l - layout.margin.r;
  const shownRange = () => (place.layout ?? layout).xaxis.range.map(Number);
  place.replaceChildren();
  if (place.clientWidth < 600) {
    // A narrow screen needs its pixels for the spectrum.
    layout.margin = { ...layout.margin, l: 48, r: 8, b: 140 };
    layout.yaxis.title = undefined;
    layout.xaxis.nticks = 5;
    layout.legend.font = { size: 11 };
    if (layout.xaxis2) layout.xaxis2.nticks = 5;
  }
  thin(layout.annotations, lines, whole, width());
  paint(figure, lines);
  await Plotly.newPlot(place, data, layout, CONFIG);

  const names = document.querySelector("#masked");
  if (figure.masked.length) {
    const worded = figure.masked.map(({ first, last, why }) => `${first} to ${last} Å (${why})`);
    names.textContent = `Masked: ${worded.slice(0, 12).join("; ")}${worded.length > 12 ? `; and ${worded.length - 12} more` : ""}.`;
  }

  function refresh(range = shownRange()) {
    const moved = z === null ? { shapes: [], annotations: [] } : linesAt(z, figure, whole);
    thin(moved.annotations, lines, range, width());
    const next = { shapes: [...bands, ...moved.shapes], annotations: moved.annotations };
    paint({ data: [], layout: next }, lines);
    const update = { shapes: next.shapes, annotations: next.annotations };
    if (place.layout.xaxis2 && z !== null) update["xaxis2.range"] = range.map((edge) => edge / (1 + z));
    return Plotly.relayout(place, update);
  }

  let own = false; // our own relayout also says that the layout changed
  async function settle(action) {
    own = true;
    await action();
    own = false;
  }

  place.on("plotly_relayout", (change) => {
    if (!own && Object.keys(change).some((key) => key.startsWith("xaxis") || key === "autosize")) settle(() => refresh());
  });
  place.on("plotly_doubleclick", () => { setTimeout(() => settle(() => refresh()), 0); });

  async function show(value, text, why) {
    const hadNone = z === null;
    z = value;
    said.textContent = why;
    box.removeAttribute("aria-invalid");
    for (const cell of document.querySelectorAll("[data-rest]")) {
      cell.textContent = (Number(cell.dataset.rest) * (1 + z)).toFixed(2);
    }
    for (const cell of document.querySelectorAll("[data-z-text]")) cell.textContent = text;
    const address = new URL(location.href);
    address.searchParams.set("z", text);
    history.replaceState(null, "", address);
    if (hadNone) location.reload(); // the rest axis and the table of lines come from the server
    else await settle(() => refresh());
  }

  document.querySelector("#redshift").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    const typed = Number(text.replace("−", "-"));
    const { lowest, highest } = box.dataset;
    if (!text || !Number.isFinite(typed) || typed < Number(lowest) || typed > Number(highest)) {
      box.setAttribute("aria-invalid", "true");
      said.textContent = `“${text}” is not a redshift between ${lowest} and ${highest}.`;
      return;
    }
    show(typed, text, "As typed.");
  });
  document.querySelector("[data-own-z]")?.addEventListener("click", () => {
    box.value = box.dataset.own;
    show(Number(box.dataset.own), box.dataset.own, "The spectrum’s own redshift.");
  });
  document.querySelector("[data-whole]").addEventListener("click", () => {
    settle(async () => {
      await Plotly.relayout(place, { "xaxis.range": [...whole], "yaxis.range": [...figure.layout.yaxis.range] });
      await refresh(whole);
    });
  });
  onScheme(() => {
    paint({ data: place.data, layout: place.layout }, lines);
    Plotly.react(place, place.data, place.layout, CONFIG);
  });
}

function withZ(address) {
  const typed = new URL(location.href).searchParams.get("z");
  if (!typed) return address;
  const url = new URL(address, location.href);
  url.searchParams.set("z", typed);
  return url;
}

draw().catch((error) => fail(place, error));
