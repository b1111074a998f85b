// Beside the filters: how many rows each choice would give, the commonest values of texts, and histograms whose bars
// and handles set a range.

const SVG = "http://www.w3.org/2000/svg";
const number = new Intl.NumberFormat("en-GB");

/** A limit in as many digits as the bins need. */
function written(value, width) {
  const decimals = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(width))));
  return String(Number(value.toFixed(decimals)));
}

function histogram(place, { low, high, counts }, form) {
  const name = place.dataset.histogram;
  const label = place.closest("fieldset").querySelector("legend").textContent;
  const [from, to] = ["min", "max"].map((end) => form.elements[`${name}_${end}`]);
  const width = (high - low) / counts.length;
  const most = Math.max(...counts, 1);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${counts.length} 40`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true"); // the two handles and the boxes say and do the same
  const bars = counts.map((rows, bin) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = rows ? 2 + 38 * Math.sqrt(rows / most) : 0;
    Object.entries({ x: bin + 0.05, y: 40 - height, width: 0.9, height }).forEach(([key, value]) => bar.setAttribute(key, value));
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${written(low + bin * width, width)} to ${written(low + (bin + 1) * width, width)}: ${number.format(rows)}`;
    bar.append(title);
    svg.append(bar);
    return bar;
  });

  const handles = [from, to].map((box, end) => {
    const handle = document.createElement("input");
    Object.assign(handle, { type: "range", min: 0, max: counts.length, step: 1 });
    handle.setAttribute("aria-label", `${label} ${end ? "to" : "from"}, by its histogram`);
    handle.addEventListener("input", () => {
      const bin = Number(handle.value);
      box.value = bin === (end ? counts.length : 0) ? "" : written(low + bin * width, width);
      show();
    });
    box.addEventListener("input", show);
    return handle;
  });

  /** The bars and handles follow the boxes. The outermost bins hold what lies beyond, too. */
  function show() {
    const first = from.value === "" ? 0 : Math.round((Number(from.value) - low) / width);
    const last = to.value === "" ? counts.length : Math.round((Number(to.value) - low) / width);
    bars.forEach((bar, bin) => bar.classList.toggle("on", bin >= first && bin < last));
    [first, last].forEach((bin, end) => {
      handles[end].value = bin;
      handles[end].setAttribute("aria-valuetext", [from, to][end].value || "no limit");
    });
  }

  const binAt = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(counts.length - 1, Math.floor(((event.clientX - box.left) / box.width) * counts.length)));
  };
  let began = null;
  const choose = (event) => {
    const [first, last] = [began, binAt(event)].sort((a, b) => a - b);
    from.value = first === 0 ? "" : written(low + first * width, width);
    to.value = last === counts.length - 1 ? "" : written(low + (last + 1) * width, width);
    show();
  };
  svg.addEventListener("pointerdown", (event) => {
    began = binAt(event);
    svg.setPointerCapture(event.pointerId);
    choose(event);
  });
  svg.addEventListener("pointermove", (event) => began !== null && choose(event));
  svg.addEventListener("pointercancel", () => (began = null));
  svg.addEventListener("pointerup", (event) => {
    choose(event);
    began = null;
    form.requestSubmit();
  });

  const both = document.createElement("div");
  both.className = "handles";
  both.append(...handles);
  place.replaceChildren(svg, both);
  place.hidden = false;
  show();
}

/** The commonest values of a text, each a button that asks for it, or for all again. */
function common(place, found, form) {
  const box = form.elements[place.dataset.values];
  place.replaceChildren(
    ...found.map(([value, rows]) => {
      const item = document.createElement("li");
      const choose = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: `${value} ` });
      const on = box.value.trim().toLowerCase() === value.toLowerCase();
      choose.setAttribute("aria-pressed", on);
      choose.append(Object.assign(document.createElement("span"), { className: "count", textContent: number.format(rows) }));
      choose.addEventListener("click", () => {
        box.value = on ? "" : value;
        form.requestSubmit();
      });
      item.append(choose);
      return item;
    }),
  );
  place.hidden = false;
}

for (const form of document.querySelectorAll("form[data-facets]")) {
  const response = await fetch(form.dataset.facets).catch(() => null);
  if (!response?.ok) continue; // the filters work without
  const { choices, values, ranges } = await response.json();
  for (const place of form.querySelectorAll("[data-count]")) {
    const rows = choices[place.dataset.count]?.[place.dataset.value];
    if (rows === undefined) continue;
    if (place.matches("option")) place.append(` (${number.format(rows)})`);
    else place.textContent = number.format(rows);
  }
  for (const place of form.querySelectorAll("[data-values]")) {
    const found = values[place.dataset.values];
    if (found) common(place, found, form);
  }
  for (const place of form.querySelectorAll("[data-histogram]")) {
    const found = ranges[place.dataset.histogram];
    if (found) histogram(place, found, form);
  }
}

// Columns: each can be moved earlier or later; the form sends them in the order that is seen.
for (const list of document.querySelectorAll("[data-order]")) {
  for (const item of list.children) {
    const move = document.createElement("button");
    move.type = "button";
    move.className = "quiet";
    move.textContent = "↑";
    move.setAttribute("aria-label", `Move ${item.querySelector("span").firstChild.textContent.trim()} earlier`);
    move.addEventListener("click", () => {
      item.previousElementSibling?.before(item);
      move.focus();
    });
    item.append(move);
  }
}
