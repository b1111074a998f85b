// A plot and its rows, linked both ways. The address holds all of the state; the server says what the selection is.

import { CONFIG, fail, fetchFigure, onScheme, paint, plotly } from "./figure.js";
import { marksOver } from "./population-marks.js";
import { openedSpectrum } from "./population-opened.js";
import { savePicture } from "./population-picture.js";
import { figureOf, ready } from "./population-plot.js";
import { linkPoints } from "./population-points.js";
import { linkRows } from "./population-rows.js";
import { coneOf, MIDDLE } from "./sky-map.js";

const ENDS = ["x_min", "x_max", "y_min", "y_max"];
const SELECTION = [...ENDS, "picked"];
const OURS = [...SELECTION, "sort", "after", "before"]; // what this page's scripts change in the address
const PAUSE = 250; // milliseconds without movement before another view is asked for
const root = document.querySelector("[data-population]");
const place = root.querySelector("[data-drawing]");
const said = root.querySelector("[data-said]");
const trouble = root.querySelector("[data-trouble]");
const narrow = place.clientWidth < 600;

let answer = null; // what the server sent of what is drawn, made ready
let seen = {}; // the part of the plot that it was asked for
let regions = null;
let mode = "zoom";
let asked = 0; // the newest question; answers to older ones are dropped
let dragged = false; // the selection was just dragged: its outline is Plotly's
let own = 0; // our own changes of the layout fire the reader's events, too

const address = () => new URL(location.href);
const number = (n) => n.toLocaleString("en-GB");

/** The address of an answer about the rows and axes of the page, and more. */
function askAll(url, more = {}) {
  const query = new URLSearchParams(root.dataset.query);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return `${url}?${query}`;
}

/** The same about the selection of now. */
function ask(url, more = {}) {
  const given = address().searchParams;
  return askAll(url, { ...Object.fromEntries(OURS.filter((name) => given.get(name)).map((name) => [name, given.get(name)])), ...more });
}

function complain(error) {
  trouble.textContent = error.message;
  trouble.hidden = false;
}

async function ours(action) {
  own += 1;
  try { return await action(); } finally { own -= 1; }
}

// Drawing

const ranges = () => [place.layout.xaxis.range.map(Number), place.layout.yaxis.range.map(Number)];

/** The visible part in the words of the server; empty for the whole. */
function view() {
  const [x, y] = ranges();
  if (!answer.sky) return [...x, ...y].join(",");
  const cone = coneOf(x, y, MIDDLE[answer.sky]);
  return cone ? cone.map((value) => value.toPrecision(7)).join(",") : "";
}

function tell() {
  const { mode: kind, n } = answer;
  const where = answer.view ? " in view" : "";
  const words = {
    points: `${number(n)} points${where}.`,
    density: `${number(n)} rows${where}, drawn as counts: zoom in until they are fewer than ${number(most() + 1)} for points.${classes()}`,
    "sky-density": `${number(n)} rows${where}, drawn as counts of equal areas: zoom in until they are fewer than ${number(most() + 1)} for points.${classes()}`,
    histogram: `${number(n)} rows counted in bins.`,
  };
  const limits = answer.x_limit?.length || answer.y_limit?.length ? " Triangles that point left or down are upper limits." : "";
  const beyond = (answer.series ?? []).reduce((sum, one) => sum + one.beyond, 0);
  said.textContent = words[kind] + (beyond ? ` ${number(beyond)} lie beyond the axis.` : "") + limits;
  const lasso = root.querySelector('[data-mode="lasso"]');
  lasso.disabled = kind !== "points";
  lasso.title = lasso.disabled ? "A lasso needs points: zoom in until they are drawn" : "";
  const box = root.querySelector('[data-mode="select"]');
  box.disabled = kind === "sky-density";
  if ((mode === "lasso" && lasso.disabled) || (mode === "select" && box.disabled)) setMode("zoom");
}

/** A density has no colour for classes: how many of each there are is said. */
function classes() {
  const counted = (answer.categories ?? []).filter(({ n }) => n).map(({ label, n }) => `${label} ${number(n)}`);
  return counted.length ? ` Not coloured by ${answer.colour}: ${counted.join(", ")}.` : "";
}

const most = () => Number(new URLSearchParams(root.dataset.query).get("most") || root.dataset.most);

async function draw({ keep = false } = {}) {
  const Plotly = await plotly({ whole: true });
  const figure = figureOf(answer, { regions: circles() ? regions : null, narrow, dragmode: mode });
  if (keep) {
    [figure.layout.xaxis.range, figure.layout.yaxis.range] = ranges();
  }
  paint(figure);
  const first = !place.layout;
  if (first) place.replaceChildren();
  await ours(() => Plotly[first ? "newPlot" : "react"](place, figure.data, figure.layout, config ??= configOf(Plotly)));
  if (first) listen();
  tell();
  marks.outline(outlined());
}

let config = null; // one object: another would have Plotly draw all anew
function configOf(Plotly) {
  const save = {
    name: "picture", title: "Save the picture (SVG)", icon: Plotly.Icons.camera,
    click: () => savePicture(place, marks, "populations").catch(complain),
  };
  return { ...CONFIG, modeBarButtonsToRemove: [...CONFIG.modeBarButtonsToRemove, "toImage"], modeBarButtonsToAdd: [save] };
}

const circles = () => root.querySelector("#circles")?.checked;

/** The selection's ranges, for an outline; null where nothing is selected by range. */
function outlined() {
  const query = address().searchParams;
  const ends = ENDS.map((end) => (query.get(end) ? Number(query.get(end)) : null));
  return answer.sky || ends.every((end) => end === null) ? null : { x: ends.slice(0, 2), y: ends.slice(2) };
}

/** Plotly keeps what was dragged last; where the selection is another now, it goes. */
async function clear() {
  if (place.layout.selections?.length) await ours(() => window.Plotly.relayout(place, { selections: [] }));
}

/** Draw the rows in a part of the plot, all of them without `view`, and the selection among them. */
async function load(view = "", keep = false) {
  asked += 1;
  const mine = asked;
  const part = view ? { view } : {};
  const found = await fetchFigure(askAll(root.dataset.plotUrl, part));
  if (mine !== asked) return;
  answer = ready(found);
  seen = part;
  marks.choose(null);
  await draw({ keep });
  await choose();
}

let choosing = 0;
/** Mark the points that belong to the selection of now: the plot itself stays as it is drawn. */
async function choose() {
  choosing += 1;
  const mine = choosing;
  if (answer.mode !== "points" || !SELECTION.some((name) => address().searchParams.get(name))) {
    marks.choose(null);
    return;
  }
  const { chosen } = await fetchFigure(ask(root.dataset.chosenUrl, seen));
  if (mine !== choosing) return;
  answer.numbers ??= new Map(answer.ids.map((id, n) => [id, n]));
  marks.choose(Uint32Array.from(chosen.filter((id) => answer.numbers.has(id)), (id) => answer.numbers.get(id)));
}

let later = 0;
/** Another part is seen: where not every point of it is here, ask for it. */
function moved() {
  if (answer.mode === "histogram" || (answer.mode === "points" && !answer.view)) return;
  clearTimeout(later);
  later = setTimeout(() => load(view(), true).catch(complain), PAUSE);
}

function listen() {
  place.on("plotly_relayout", (change) => {
    if (own) return;
    if (change.dragmode) setMode(change.dragmode);
    if (Object.keys(change).some((name) => /^[xy]axis/.test(name))) moved();
  });
  for (const event of ["plotly_relayouting", "plotly_afterplot"]) place.on(event, marks.moved);
  place.on("plotly_selected", (event) => {
    if (own || !event) return;
    dragged = true;
    if (event.lassoPoints || (answer.sky && event.range)) pick(event.points.map(({ customdata }) => customdata));
    else if (event.range) box(event.range);
  });
  place.on("plotly_deselect", () => { if (!own) select({}); });
  linkPoints({ place, root, answer: () => answer, rows, opened });
  onScheme(() => draw({ keep: true }));
}

// Selecting

/** Another selection: address, plot, rows. */
async function select(wanted) {
  const next = address();
  for (const name of OURS) next.searchParams.delete(name);
  for (const [name, value] of Object.entries(wanted)) next.searchParams.set(name, value);
  history.pushState(null, "", next);
  await follow();
}

/** Show what the address says. */
async function follow() {
  const query = address().searchParams;
  for (const end of ENDS) {
    const control = root.querySelector(`[data-ends] [name="${end}"]`);
    if (control) control.value = query.get(end) ?? "";
  }
  trouble.hidden = true;
  if (answer) marks.outline(outlined());
  await Promise.all([rows.load(), answer && choose(), answer && !dragged && clear()]).catch(complain);
  dragged = false;
}

/** Typed short, yet finer than a pixel. */
function written(value, width) {
  const digits = Math.min(12, Math.max(0, 3 - Math.floor(Math.log10(width || 1))));
  return String(Number(value.toFixed(digits)));
}

function box(range) {
  const wanted = {};
  for (const [axis, shown] of [["x", ranges()[0]], ["y", ranges()[1]]]) {
    if (axis === "y" && answer.mode === "histogram") continue;
    const ends = range[axis].map(Number).sort((a, b) => a - b);
    const width = Math.abs(shown[1] - shown[0]);
    wanted[`${axis}_min`] = written(ends[0], width);
    wanted[`${axis}_max`] = written(ends[1], width);
  }
  select(wanted);
}

/** Points by number become a list that the server keeps. */
function pick(numbers) {
  return pickNames([...new Set(numbers.map((n) => answer.names[n]))]);
}

async function pickNames(names) {
  if (!names.length) return select({});
  try {
    const response = await fetch(root.dataset.listsUrl, {
      method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify({ names }),
    });
    const made = await response.json().catch(() => null);
    if (!response.ok || !made) throw new Error(made?.error ?? `The list could not be kept: the server answered ${response.status}.`);
    await select({ picked: made.token });
  } catch (error) {
    complain(error);
  }
}

// Tools

function setMode(wanted) {
  mode = wanted;
  for (const button of root.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  if (place.layout && place.layout.dragmode !== mode) ours(() => window.Plotly.relayout(place, { dragmode: mode }));
}

root.querySelector(".tools").hidden = false;
for (const button of root.querySelectorAll("[data-mode]")) button.addEventListener("click", () => setMode(button.dataset.mode));
root.querySelector("[data-whole]").addEventListener("click", () => load().catch(complain));
root.querySelector("#circles")?.addEventListener("change", () => draw({ keep: true }));
root.querySelector("[data-ends]").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = {};
  for (const end of ENDS) {
    const value = event.target.elements[end]?.value.trim().replace("−", "-");
    if (value) wanted[end] = value;
  }
  select(wanted);
});
addEventListener("popstate", () => follow());

const opened = openedSpectrum({ root, place, complain });
const marks = marksOver(place, { drawn: () => answer });
const rows = linkRows({ root, marks, ask, select, pickNames, complain, opened });

async function begin() {
  const sky = new URLSearchParams(root.dataset.query).get("sky");
  if (sky) regions = await fetchFigure(askAll(root.dataset.regionsUrl));
  await load();
}

begin().catch((error) => fail(place, error));
