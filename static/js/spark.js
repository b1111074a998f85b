// Spark spectra: asked for together, drawn small in the colour of the page. The one way to draw one.

const SVG = "http://www.w3.org/2000/svg";

/** Heights (0 to 255, 0 where there are no data) by id of the spectrum; those without a file are left out. */
export async function sparksOf(url, ids) {
  const response = await fetch(`${url}?ids=${[...new Set(ids)].sort((a, b) => a - b).join(",")}`).catch(() => null);
  return response?.ok ? response.json() : {};
}

/** The picture of the heights; said as `label`. */
export function sparkOf(heights, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${heights.length} 26`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  for (const piece of pieces(heights)) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", piece.join(" "));
    line.setAttribute("vector-effect", "non-scaling-stroke");
    svg.append(line);
  }
  return svg;
}

/** Fill the cells that want a spark in each table of a part of the page. */
export async function drawSparks(part) {
  for (const table of part.querySelectorAll("[data-sparks]")) {
    const cells = [...table.querySelectorAll("[data-spark]")];
    if (!cells.length) continue;
    const found = await sparksOf(table.dataset.sparks, cells.map((cell) => cell.dataset.spark));
    for (const cell of cells) {
      const heights = found[cell.dataset.spark];
      if (heights) cell.replaceChildren(sparkOf(heights, `Flux of ${cell.dataset.name}, 3900 to 8900 Å`));
    }
  }
}

/** Pieces of the line between stretches without data, whose height is 0. */
function pieces(heights) {
  const found = [[]];
  heights.forEach((height, x) => (height ? found.at(-1).push(`${x},${(24 - (height / 255) * 22).toFixed(1)}`) : found.push([])));
  return found.filter((piece) => piece.length > 1);
}
