// Spark spectra of a page's rows: asked for at once, drawn as they come, in the colour of the page.

const SVG = "http://www.w3.org/2000/svg";

/** Pieces of the line between stretches without data, whose height is 0. */
function pieces(heights) {
  const found = [[]];
  heights.forEach((height, x) => (height ? found.at(-1).push(`${x},${(24 - (height / 255) * 22).toFixed(1)}`) : found.push([])));
  return found.filter((piece) => piece.length > 1);
}

function draw(cell, heights) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${heights.length} 26`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Flux of ${cell.dataset.name}, 3900 to 8900 Å`);
  for (const piece of pieces(heights)) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", piece.join(" "));
    line.setAttribute("vector-effect", "non-scaling-stroke");
    svg.append(line);
  }
  cell.replaceChildren(svg);
}

for (const table of document.querySelectorAll("[data-sparks]")) {
  const cells = [...table.querySelectorAll("[data-spark]")];
  const ids = [...new Set(cells.map((cell) => cell.dataset.spark))].sort((a, b) => a - b);
  const response = await fetch(`${table.dataset.sparks}?ids=${ids.join(",")}`).catch(() => null);
  const found = response?.ok ? await response.json() : {};
  for (const cell of cells) if (found[cell.dataset.spark]) draw(cell, found[cell.dataset.spark]);
}
