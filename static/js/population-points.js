// A point that is hovered shows what it is and its spectrum, small; one that is clicked opens it beside the plot.

import { sparkOf, sparksOf } from "./spark.js";

const WAIT = 150; // milliseconds on a point before its spectrum is fetched

const number = (value) => (value === null || value === undefined ? "—" : String(Number(value.toPrecision(5))).replace("-", "−"));

function described(answer, n) {
  const lines = [];
  for (const [bit, axis] of ["x", "y"].entries()) {
    const limit = answer.limits[n] & (1 << bit) ? "< " : "";
    const error = answer[`${axis}_err`]?.[n];
    lines.push(`${answer.axes[bit].title}: ${limit}${number(answer[axis][n])}${error ? ` ± ${number(error)}` : ""}`);
  }
  if (answer.colour) {
    const order = answer.category[n];
    const own = answer.p?.[order]?.[n];
    lines.push(`${answer.colour}: ${answer.categories[order].label}${own === null || own === undefined ? "" : ` (probability ${own})`}`);
  }
  const others = (answer.p ?? []).map((values, order) => [answer.categories[order].label, values[n]]).filter(([, p]) => p > 0.005);
  if (others.length > 1) lines.push(others.map(([label, p]) => `${label} ${p}`).join(", "));
  return lines;
}

/** Who a point is. */
export function identity(answer, n) {
  return { name: answer.names[n], release: answer.releases[answer.release.length ? answer.release[n] : 0] };
}

export function linkPoints({ place, root, answer, rows, opened }) {
  const card = root.querySelector("[data-card]");
  const sparks = new Map(); // heights by id; a point that is met again is not fetched again
  let timer = 0;
  let frame = 0;
  let shown = null; // the number of the point whose card is seen

  async function spark(id, name) {
    if (!sparks.has(id)) sparks.set(id, (await sparksOf(root.dataset.sparksUrl, [id]))[id]);
    const heights = sparks.get(id);
    if (heights && !card.hidden && card.dataset.of === String(id)) card.append(sparkOf(heights, `Flux of ${name}`));
  }

  function hide() {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    shown = null;
    card.hidden = true;
    rows.pointAt(null);
  }

  function show(n, { clientX, clientY }) {
    const frame = place.getBoundingClientRect();
    const right = clientX - frame.left > frame.width / 2;
    if (n !== shown) {
      shown = n;
      const who = identity(answer(), n);
      const id = answer().ids[n];
      rows.pointAt(who.name);
      card.replaceChildren(...[who.name, ...described(answer(), n)].map((text, i) =>
        Object.assign(document.createElement(i ? "div" : "strong"), { textContent: text })));
      card.dataset.of = id;
      clearTimeout(timer);
      timer = setTimeout(() => spark(id, who.name), WAIT);
    }
    Object.assign(card.style, {
      left: right ? "auto" : `${clientX - frame.left + 24}px`,
      right: right ? `${frame.right - clientX + 24}px` : "auto",
      top: `${Math.max(8, Math.min(clientY - frame.top, frame.height - 180))}px`,
    });
    card.hidden = false;
  }

  place.on("plotly_hover", ({ points: [point], event }) => {
    const n = point?.customdata;
    if (!Number.isInteger(n) || answer().mode !== "points") return;
    cancelAnimationFrame(frame); // the newest of a frame is shown
    frame = requestAnimationFrame(() => show(n, event));
  });
  place.on("plotly_unhover", hide);
  place.addEventListener("pointerleave", hide);
  place.on("plotly_click", ({ points: [point] }) => {
    const n = point?.customdata;
    if (Number.isInteger(n) && answer().mode === "points") opened.show(identity(answer(), n));
  });
}
