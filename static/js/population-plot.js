// What the server sends of a population as a figure: points, density, histogram, or the sky.

import { colour } from "./figure.js";
import { addCircle, EDGE, graticule, MIDDLE, project } from "./sky-map.js";

const OPACITY = 0.8;
const SIZE = { few: 7, many: 5 }; // pixels: many cover each other, and each of their pixels is drawn
const MANY = 5000;
const LIMITS = ["", "triangle-left", "triangle-down", "triangle-sw"]; // of neither, x, y, both
const CODES = [["K", "known", "curve", 1.5], ["GCQ", "other", "other", 1]]; // of WISE: the known stand out

/** The answer with what is looked up of a point by its number: `at` where it is drawn, `category`, `limits`. */
export function ready(answer) {
  if (!answer.x || answer.mode === "density") return answer;
  const at = answer.sky ? projected(answer) : { x: Float64Array.from(answer.x), y: Float64Array.from(answer.y) };
  if (answer.mode !== "points") return { ...answer, at };
  const category = new Uint8Array(answer.names.length);
  let first = 0;
  answer.categories.forEach(({ n }, order) => { category.fill(order, first, first + n); first += n; });
  const limits = new Uint8Array(answer.names.length);
  for (const n of answer.x_limit ?? []) limits[n] |= 1;
  for (const n of answer.y_limit ?? []) limits[n] |= 2;
  return { ...answer, at, category, limits };
}

function projected({ x, y, sky }) {
  const at = { x: new Float64Array(x.length), y: new Float64Array(x.length) };
  for (let n = 0; n < x.length; n += 1) [at.x[n], at.y[n]] = project(x[n], y[n], MIDDLE[sky]);
  return at;
}

/** The symbol of a point: an upper limit points to where the value may be. */
export function symbolOf(answer, n) {
  return LIMITS[answer.limits[n]] || answer.categories[answer.category[n]].symbol;
}

/** The size of its points, pixels. */
export function sizeOf({ names }) {
  return names.length > MANY ? SIZE.many : SIZE.few;
}

/** Traces and layout of an answer made ready. */
export function figureOf(answer, { regions = null, narrow = false, dragmode = "zoom" }) {
  const data = [];
  if (answer.sky) data.push(...skyTraces(answer, regions));
  if (answer.mode === "points") data.push(...pointTraces(answer));
  else if (answer.mode === "density") data.push(densityTrace(answer));
  else if (answer.mode === "sky-density") data.push(skyDensity(answer));
  else data.push(...barTraces(answer));
  for (const { name, dash, x, y } of answer.curves.lines) {
    data.push({ type: "scatter", mode: "lines", name, x, y, hoverinfo: "skip", line: { dash, width: 1.5 }, meta: { role: "curve" } });
  }
  return { data, layout: layoutOf(answer, narrow, dragmode) };
}

function layoutOf(answer, narrow, dragmode) {
  const [x, y] = answer.axes;
  const layout = {
    xaxis: { title: { text: x.title }, zeroline: false, range: answer.curves.x ? [...answer.curves.x] : undefined },
    yaxis: { title: { text: y?.title ?? "Number" }, zeroline: false, range: answer.curves.y ? [...answer.curves.y] : undefined },
    margin: narrow ? { l: 48, r: 8, t: 8, b: 190 } : { l: 72, r: 16, t: 8, b: 140 },
    legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", itemsizing: "constant" },
    hovermode: "closest", barmode: "stack", bargap: 0.04, dragmode, shapes: [], annotations: [], selections: [],
    selectdirection: answer.mode === "histogram" ? "h" : "any",
    newselection: { line: { width: 2, dash: "dash", color: colour("--accent") } },
  };
  if (answer.mode === "density" && !answer.curves.lines.length) layout.margin.b = 56; // there is no legend
  if (answer.sky) {
    const hidden = { visible: false, zeroline: false, showgrid: false };
    layout.xaxis = { ...hidden, range: [-EDGE.x * 1.02, EDGE.x * 1.02], constrain: "domain" };
    layout.yaxis = { ...hidden, range: [-EDGE.y * 1.02, EDGE.y * 1.02], scaleanchor: "x", constrain: "domain" };
    layout.margin = { l: 4, r: 4, t: 8, b: narrow ? 130 : 90 };
    layout.annotations = graticule(MIDDLE[answer.sky]).labels.map((label) => ({
      ...label, showarrow: false, font: { size: 11, color: colour("--muted") }, yanchor: "bottom", xanchor: "left",
    }));
  }
  return layout;
}

/** One trace for each category; `customdata` is the number of the point, by which all else is found. */
function pointTraces(answer) {
  const traces = [];
  let first = 0;
  for (const [category, { label, role, symbol, n }] of answer.categories.entries()) {
    const end = first + n;
    if (n) {
      const numbers = Array.from({ length: n }, (_, i) => first + i);
      const limited = answer.limits.subarray(first, end).some(Boolean);
      // Plotly would recolour every point when some are selected; what stands out is drawn by population-marks.js.
      const same = { marker: { opacity: OPACITY } };
      const trace = {
        type: "scattergl", mode: "markers", name: `${label} (${n.toLocaleString("en-GB")})`, meta: { role, category },
        x: answer.at.x.subarray(first, end), y: answer.at.y.subarray(first, end), customdata: numbers, hoverinfo: "none",
        marker: { size: sizeOf(answer), opacity: OPACITY, symbol: limited ? numbers.map((i) => symbolOf(answer, i)) : symbol },
        selected: same, unselected: same,
      };
      for (const axis of ["x", "y"]) {
        const errors = answer[`${axis}_err`];
        if (errors) trace[`error_${axis}`] = { type: "data", array: errors.slice(first, end), width: 0, thickness: 0.7 };
      }
      traces.push(trace);
    }
    first = end;
  }
  return traces;
}

const logarithm = (n) => (n ? Math.log10(n) : null);

function scale(counts) {
  const most = counts.reduce((high, n) => Math.max(high, n ?? 0), 1);
  const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000].filter((n) => n <= most);
  const shown = ticks.length > 5 ? ticks.filter((n) => /^1/.test(String(n))) : ticks;
  return {
    zmin: 0, zmax: Math.max(logarithm(most), 0.3),
    bar: { title: { text: "rows" }, tickvals: shown.map(logarithm), ticktext: shown.map((n) => n.toLocaleString("en-GB")), thickness: 12 },
  };
}

function densityTrace(answer) {
  const { zmin, zmax, bar } = scale(answer.counts.flat());
  const [x0, , dx] = answer.x;
  const [y0, , dy] = answer.y;
  return {
    type: "heatmap", z: answer.counts.map((row) => row.map(logarithm)), text: answer.counts,
    x0: x0 + dx / 2, dx, y0: y0 + dy / 2, dy, zmin, zmax, colorscale: "Cividis", colorbar: bar, zsmooth: false, hoverongaps: false,
    hovertemplate: "%{text} rows<br>around %{x}, %{y}<extra></extra>",
  };
}

function skyDensity(answer) {
  const { zmin, zmax, bar } = scale(answer.counts);
  return {
    type: "scattergl", mode: "markers", name: "rows", showlegend: false, x: answer.at.x, y: answer.at.y, text: answer.counts,
    marker: { symbol: "square", size: 6, color: answer.counts.map(logarithm), cmin: zmin, cmax: zmax, colorscale: "Cividis", colorbar: bar },
    hovertemplate: `%{text} rows in ${answer.width.toPrecision(2)}°<extra></extra>`,
  };
}

function barTraces({ edges, series }) {
  const middles = edges.slice(0, -1).map((low, n) => (low + edges[n + 1]) / 2);
  return series.map(({ label, role, counts }) => ({
    type: "bar", x: middles, y: counts, width: edges[1] - edges[0], name: `${label} (${counts.reduce((a, b) => a + b, 0).toLocaleString("en-GB")})`,
    customdata: middles.map((_, n) => `${edges[n]} to ${edges[n + 1]}`), meta: { role },
    hovertemplate: `%{customdata}<br>%{y}<extra>${label}</extra>`,
  }));
}

function skyTraces(answer, regions) {
  const { path } = graticule(MIDDLE[answer.sky]);
  const traces = [{
    type: "scatter", mode: "lines", ...path, hoverinfo: "skip", showlegend: false, line: { width: 0.7, color: colour("--fig-grid") },
  }];
  if (!regions) return traces;
  for (const [codes, words, role, width] of CODES) {
    const ring = { x: [], y: [] };
    let count = 0;
    for (let n = 0; n < regions.names.length; n += 1) {
      if (!codes.includes(regions.code[n])) continue;
      count += 1;
      addCircle(ring, regions.lon[n], regions.lat[n], regions.radius[n], MIDDLE[answer.sky]);
    }
    if (count) {
      traces.push({
        type: "scattergl", mode: "lines", ...ring, hoverinfo: "skip", line: { width }, meta: { role }, opacity: 0.7,
        name: `${words} H II regions (${count.toLocaleString("en-GB")})`,
      });
    }
  }
  return traces;
}
