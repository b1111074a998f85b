// The rows under the plot: a row that is pointed at or ticked has a ring on the plot; they are the keyboard's road.

import { drawSparks } from "./spark.js";

export function linkRows({ root, marks, ask, select, pickNames, complain, opened }) {
  const part = root.querySelector("[data-selection]");
  const ticked = new Map(); // by name; kept while pages turn
  let pointed = null;
  let asked = 0;

  const rowOf = (element) => element.closest?.("tr[data-name]");
  const positionOf = ({ x, y }) => [x, y].map((value) => (value === undefined ? null : Number(value)));

  /** Rings around the points of ticked rows, and of the one that is pointed at. */
  function mark() {
    const rings = [...ticked.values()].map((position) => ({ position, width: 2 }));
    if (pointed) rings.push({ position: pointed, width: 4 });
    marks.ring(rings);
  }

  function point(row) {
    for (const other of part.querySelectorAll("tr.pointed")) other.classList.remove("pointed");
    row?.classList.add("pointed");
    pointed = row ? positionOf(row.dataset) : null;
    mark();
  }

  function count() {
    const button = part.querySelector("[data-ticked]");
    if (!button) return;
    button.disabled = ticked.size === 0;
    button.textContent = ticked.size ? `Select the ${ticked.size} ticked row${ticked.size === 1 ? "" : "s"}` : "Select the ticked rows";
  }

  async function load() {
    asked += 1;
    const mine = asked;
    part.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(ask(root.dataset.selectionUrl));
      const text = await response.text();
      if (mine !== asked) return;
      part.innerHTML = text;
    } finally {
      if (mine === asked) part.removeAttribute("aria-busy");
    }
    pointed = null;
    for (const row of part.querySelectorAll("tr[data-name]")) row.querySelector("input").checked = ticked.has(row.dataset.name);
    count();
    mark();
    drawSparks(part);
  }

  drawSparks(part);
  part.addEventListener("pointerover", (event) => { const row = rowOf(event.target); if (row) point(row); });
  part.addEventListener("pointerleave", () => point(null));
  part.addEventListener("focusin", (event) => { const row = rowOf(event.target); if (row) point(row); });
  part.addEventListener("focusout", (event) => { if (!rowOf(event.relatedTarget ?? part)) point(null); });
  part.addEventListener("change", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    if (event.target.checked) ticked.set(row.dataset.name, positionOf(row.dataset));
    else ticked.delete(row.dataset.name);
    count();
    mark();
  });
  part.addEventListener("click", (event) => {
    const turn = event.target.closest("[data-turn]");
    if (turn) {
      event.preventDefault();
      history.pushState(null, "", turn.href);
      load().then(() => part.querySelector(".rows")?.focus()).catch(complain);
    } else if (event.target.closest("[data-unselect]")) {
      event.preventDefault();
      select({});
    } else if (event.target.closest("[data-ticked]")) {
      pickNames([...ticked.keys()]).then(() => { ticked.clear(); count(); mark(); });
    } else if (event.target.closest("[data-open]")) {
      const { name, release } = rowOf(event.target).dataset;
      opened.show({ name, release }, event.target.closest("[data-open]"));
    }
  });

  return {
    load,
    /** A point of the plot is hovered: its row shows it, if it is among those shown. */
    pointAt(name) {
      const row = name && part.querySelector(`tr[data-name="${CSS.escape(name)}"]`);
      for (const other of part.querySelectorAll("tr.pointed")) other.classList.remove("pointed");
      row?.classList.add("pointed");
    },
  };
}
