// A point that is hovered shows what it is and its spectrum, small; one that is clicked opens it beside the plot.

import { fetchFigure } from "./figure.js";

const WAIT = 150; // milliseconds on a point before its spectrum is fetched

const number = (value) => (value === null || value === undefined ? "—" : String(Number(value.toPrecision(5))).replace("-", "−"));

function described(answer, n) {
  const lines = [];
  for (const [axis, { title }] of [["x", answer.axes[0]], ["y", answer.axes[1]]]) {
    const limit = answer[`${axis}_limit`]?.includes(n) ? "< " : "";
    const error = answer[`${axis}_err`]?.[n];
    lines.push(`${title}: ${limit}${number(answer[axis][n])}${error ? ` ± ${number(error)}` : ""}`);
  }
  let last = 0;
  for (const [order, { label, n: size }] of answer.categories.entries()) {
    last += size;
    if (n < last) {
      const own = answer.p?.[order]?.[n];
      if (answer.colour) lines.push(`${answer.colour}: ${label}${own === null || own === undefined ? "" : ` (probability ${own})`}`);
      break;
    }
  }
  const others = (answer.p ?? []).map((values, order) => [answer.categories[order].label, values[n]]).filter(([, p]) => p > 0.005);
  if (others.length > 1) lines.push(others.map(([label, p]) => `${label} ${p}`).join(", "));
  return lines;
}

/** Who a point is. */
export function identity(answer, n) {
  return { name: answer.names[n], release: answer.releases[answer.release.length ? answer.release[n] : 0] };
}

/** The spectrum, small: of each pixel of the picture the lowest and the highest flux. */
function sparkOf({ flux, range: [low, high] }) {
  const [width, height] = [150, 50];
  const path = [];
  for (let x = 0; x < width; x += 1) {
    const part = flux.slice(Math.floor((x * flux.length) / width), Math.floor(((x + 1) * flux.length) / width)).filter(Number.isFinite);
    for (const value of part.length ? [Math.min(...part), Math.max(...part)] : []) {
      const y = height * (1 - (value - low) / (high - low));
      path.push(`${path.length ? "L" : "M"}${x} ${Math.max(0, Math.min(height, y)).toFixed(1)}`);
    }
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path.join(""));
  line.setAttribute("vector-effect", "non-scaling-stroke");
  svg.append(line);
  return svg;
}

export function linkPoints({ place, root, answer, rows, opened }) {
  const card = root.querySelector("[data-spark]");
  const sparks = new Map(); // by address; a point that is met again is not fetched again
  let timer = 0;

  async function spark(who) {
    const { figure } = opened.addresses(who);
    if (!sparks.has(figure)) sparks.set(figure, fetchFigure(figure).then(sparkOf));
    try {
      const drawn = await sparks.get(figure);
      if (!card.hidden && card.dataset.of === figure) card.append(drawn);
    } catch {
      sparks.delete(figure); // the words stand without it
    }
  }

  function hide() {
    clearTimeout(timer);
    card.hidden = true;
    rows.pointAt(null);
  }

  place.on("plotly_hover", ({ points: [point], event }) => {
    const n = point?.customdata;
    if (!Number.isInteger(n) || answer().mode !== "points") return;
    const who = identity(answer(), n);
    rows.pointAt(who.name);
    const words = [who.name, ...described(answer(), n)].map((text, i) => {
      const line = document.createElement(i ? "div" : "strong");
      line.textContent = text;
      return line;
    });
    card.replaceChildren(...words);
    card.dataset.of = opened.addresses(who).figure;
    clearTimeout(timer);
    timer = setTimeout(() => spark(who), WAIT);
    const frame = place.getBoundingClientRect();
    const right = event.clientX - frame.left > frame.width / 2;
    card.style.left = right ? "auto" : `${event.clientX - frame.left + 24}px`;
    card.style.right = right ? `${frame.right - event.clientX + 24}px` : "auto";
    card.style.top = `${Math.max(8, Math.min(event.clientY - frame.top, frame.height - 180))}px`;
    card.hidden = false;
  });
  place.on("plotly_unhover", hide);
  place.addEventListener("pointerleave", hide);
  place.on("plotly_click", ({ points: [point] }) => {
    const n = point?.customdata;
    if (Number.isInteger(n) && answer().mode === "points") opened.show(identity(answer(), n));
  });
}
