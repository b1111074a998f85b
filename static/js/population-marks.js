// What stands out on the plot: the selection's box and points, and rings around those of rows ticked or pointed at.
// A canvas over the plot: Plotly would compute all of its points anew to change the looks of one.

import { colour, roleColour } from "./figure.js";
import { sizeOf, symbolOf } from "./population-plot.js";
import { MIDDLE, project } from "./sky-map.js";

const RING = 9;
const PRINTED = 3; // pixels of a saved picture for one of the page
const CORNERS = {
  square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
  "triangle-up": [[0, -1.2], [1.2, 1], [-1.2, 1]],
  "triangle-down": [[0, 1.2], [1.2, -1], [-1.2, -1]],
  "triangle-left": [[-1.2, 0], [1, -1.2], [1, 1.2]],
  "triangle-sw": [[-1.1, 1.1], [-1.1, -1.1], [1.1, 1.1]],
};

/** Marks over a plot; `drawn()` is the answer that is drawn, made ready. */
export function marksOver(place, { drawn }) {
  const canvas = Object.assign(document.createElement("canvas"), { className: "marks" });
  const state = { chosen: null, rings: [], box: null };
  let frame = 0;
  canvas.setAttribute("aria-hidden", "true");

  function later() {
    frame ||= requestAnimationFrame(() => { frame = 0; draw(); });
  }

  function draw() {
    if (!drawn() || !place._fullLayout?.xaxis) return;
    if (canvas.parentElement !== place) place.append(canvas);
    const { x, y, width, height } = drawOn(canvas, devicePixelRatio);
    Object.assign(canvas.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    canvas.dataset.chosen = state.chosen?.length ?? "";
    canvas.dataset.rings = state.rings.length;
  }

  /** Draw on a canvas, so many of its pixels for one of the page; gives the part of the plot that it covers. */
  function drawOn(canvas, scale) {
    const answer = drawn();
    const { xaxis, yaxis } = place._fullLayout;
    const [width, height] = [xaxis._length, yaxis._length];
    const pen = canvas.getContext("2d");
    canvas.width = Math.round(width * scale); // which clears it
    canvas.height = Math.round(height * scale);
    pen.scale(scale, scale);
    const [[x0, x1], [y0, y1]] = [xaxis.range, yaxis.range];
    const pixel = (x, y) => [((x - x0) / (x1 - x0)) * width, (1 - (y - y0) / (y1 - y0)) * height];
    if (state.chosen) drawChosen(pen, answer, pixel, width, height);
    if (state.box) drawBox(pen, state.box, pixel, width, height);
    pen.strokeStyle = colour("--ink");
    for (const ring of state.rings) drawRing(pen, answer, ring, pixel, height);
    return { x: xaxis._offset, y: yaxis._offset, width, height };
  }

  /** Each category is one path: its points are not told one by one. */
  function drawChosen(pen, answer, pixel, width, height) {
    const filled = answer.categories.map(() => new Path2D());
    const lined = answer.categories.map(() => new Path2D());
    const half = (sizeOf(answer) + 1) / 2;
    const hidden = new Set(place.data.filter(({ visible }) => visible === "legendonly").map(({ meta }) => meta?.category));
    for (const n of state.chosen) {
      if (hidden.has(answer.category[n])) continue;
      const [x, y] = pixel(answer.at.x[n], answer.at.y[n]);
      if (x < -half || y < -half || x > width + half || y > height + half) continue;
      const symbol = symbolOf(answer, n);
      const open = symbol === "x" || symbol.endsWith("-open");
      addSymbol((open ? lined : filled)[answer.category[n]], symbol, x, y, half);
    }
    pen.lineWidth = 1.5;
    answer.categories.forEach(({ role }, order) => {
      pen.fillStyle = pen.strokeStyle = roleColour(role);
      pen.fill(filled[order]);
      pen.stroke(lined[order]);
    });
  }

  place.classList.add("marked");
  return {
    /** Points of the selection by number; null where nothing is selected. */
    choose(numbers) {
      state.chosen = numbers;
      place.classList.toggle("selects", numbers !== null);
      later();
    },
    /** The selection's ranges, `{ x: [low, high], y }`, each end null where it is open; null where there is none. */
    outline(box) {
      state.box = box;
      later();
    },
    /** Rings around positions, each `{ position: [x, y], width }` in the columns' units, null where there is no value. */
    ring(rings) {
      state.rings = rings;
      later();
    },
    /** The plot has moved or has another size. */
    moved: later,
    /** The marks of now as an image, its place on the plot, and whether the other points step back. */
    picture() {
      const sheet = document.createElement("canvas");
      const covers = drawOn(sheet, PRINTED);
      return { href: sheet.toDataURL(), ...covers, selects: state.chosen !== null };
    },
  };
}

/** A dashed outline; open sides run along the end of what is shown. */
function drawBox(pen, { x: [x0, x1], y: [y0, y1] }, pixel, width, height) {
  const [left, bottom] = pixel(x0 ?? 0, y0 ?? 0);
  const [right, top] = pixel(x1 ?? 0, y1 ?? 0);
  const [u0, u1] = [x0 === null ? 0 : left, x1 === null ? width : right];
  const [v0, v1] = [y1 === null ? 0 : top, y0 === null ? height : bottom];
  pen.save();
  pen.lineWidth = 2;
  pen.strokeStyle = colour("--accent");
  pen.setLineDash([8, 6]);
  pen.strokeRect(u0, v0, u1 - u0, v1 - v0);
  pen.restore();
}

function drawRing(pen, answer, { position: [x, y], width }, pixel, height) {
  if (x === null || (y === null && answer.mode !== "histogram")) return;
  const [u, v] = pixel(...(answer.sky ? project(x, y, MIDDLE[answer.sky]) : [x, y ?? 0]));
  pen.lineWidth = width;
  pen.beginPath();
  if (answer.mode === "histogram") {
    pen.moveTo(u, 0);
    pen.lineTo(u, height);
  } else {
    pen.arc(u, v, RING, 0, 2 * Math.PI);
  }
  pen.stroke();
}

function addSymbol(path, symbol, x, y, half) {
  const corners = CORNERS[symbol];
  if (corners) {
    corners.forEach(([u, v], n) => path[n ? "lineTo" : "moveTo"](x + half * u, y + half * v));
    path.closePath();
  } else if (symbol === "x") {
    for (const side of [-1, 1]) {
      path.moveTo(x - half, y - side * half);
      path.lineTo(x + half, y + side * half);
    }
  } else {
    path.moveTo(x + half, y);
    path.arc(x, y, half, 0, 2 * Math.PI);
  }
}
