// Six small panels, one on each line that votes for a redshift: they follow z, and lead the large figure to their line.

import { onScheme, paint, plotly } from "../figure.js";
import { shownValues } from "./drawing.js";
import { within } from "./pixels.js";

const SPEED_OF_LIGHT = 299792.458; // km/s
const REACH = 1500; // km/s either side
const ZOOM = 60; // Angstrom either side, at rest
const GAP = 0.04; // between columns, of the width
const CONFIG = { staticPlot: true, responsive: true };

/** Draw the insets of a viewer in `place`, and the buttons that zoom to their lines in `buttons`. */
export async function mountInsets(place, buttons, viewer) {
  const lines = viewer.figure.lines.filter(({ in_cl: votes }) => votes);
  const zoomTo = ({ wavelength }) => {
    const at = wavelength * (1 + viewer.z);
    viewer.zoom([at - ZOOM * (1 + viewer.z), at + ZOOM * (1 + viewer.z)]);
  };
  buttons.replaceChildren(...lines.map((line) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: line.label });
    button.setAttribute("aria-label", `Zoom to ${line.label}`);
    button.addEventListener("click", () => zoomTo(line));
    return button;
  }));

  let waiting = false;
  async function draw() {
    waiting = false;
    const Plotly = await plotly();
    place.hidden = viewer.z === null;
    if (place.hidden) return;
    const { figure, view, z } = viewer;
    const shown = shownValues(figure, view);
    const columns = place.clientWidth < 600 ? 2 : place.clientWidth < 1000 ? 3 : 6;
    const rows = Math.ceil(lines.length / columns);
    const data = [];
    const layout = { margin: { l: 44, r: 8, t: 22, b: 40 }, showlegend: false, annotations: [], shapes: [] };
    lines.forEach((line, n) => {
      const axis = n ? String(n + 1) : "";
      const at = line.wavelength * (1 + z);
      const reach = at * (REACH / SPEED_OF_LIGHT);
      const [start, stop] = within(figure.wavelength, at - reach, at + reach);
      const velocity = (wave) => SPEED_OF_LIGHT * (wave / at - 1);
      const x = figure.wavelength.slice(start, stop).map(velocity);
      const trace = (role, y, width = 1) => ({ x, y, type: "scatter", mode: "lines", meta: { role }, line: { width }, xaxis: `x${axis}`, yaxis: `y${axis}` });
      if (shown.against) data.push(trace("template", shown.against.flux.slice(start, stop)));
      data.push({ ...trace("flux", shown.flux.slice(start, stop)), line: { width: 1, shape: "hvh" } });
      if (view.parts.fit) {
        const fitted = figure.fit.wavelength.map((wave, i) => [wave, figure.fit.flux[i]]).filter(([wave]) => wave && Math.abs(velocity(wave)) < REACH);
        if (fitted.length) data.push({ ...trace("fit", fitted.map(([, y]) => y), 2), x: fitted.map(([wave]) => velocity(wave)) });
      }
      const [column, row] = [n % columns, Math.floor(n / columns)];
      const between = 0.5 / rows; // of the height: room for ticks and the next title
      const [w, h] = [(1 + GAP) / columns, (1 + between) / rows];
      const xDomain = [column * w, column * w + w - GAP];
      const yDomain = [1 - row * h - h + between, 1 - row * h];
      layout[`xaxis${axis}`] = { domain: xDomain, anchor: `y${axis}`, range: [-REACH, REACH], tickvals: [-1000, 0, 1000], zeroline: true, tickfont: { size: 10 } };
      layout[`yaxis${axis}`] = { domain: yDomain.map((edge) => Math.max(0, edge)), anchor: `x${axis}`, nticks: 4, zeroline: false, tickfont: { size: 10 } };
      const outside = stop - start < 3 ? "<br>outside the spectrum" : "";
      layout.annotations.push({
        text: `${line.label}${outside}`, xref: "paper", yref: "paper", x: (xDomain[0] + xDomain[1]) / 2, y: yDomain[1],
        xanchor: "center", yanchor: outside ? "top" : "bottom", showarrow: false, font: { size: 12 },
      });
      if (outside) data.push({ ...trace("flux", []), x: [] });
    });
    paint({ data, layout });
    await Plotly.react(place, data, layout, CONFIG);
  }
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  };
  const ends = [viewer.listen(later), onScheme(later)];
  place.addEventListener("click", (event) => {
    const axes = place._fullLayout;
    if (!axes || viewer.z === null) return;
    const { left, top } = place.getBoundingClientRect();
    const hit = lines.findIndex((_, n) => {
      const [x, y] = [axes[`xaxis${n ? n + 1 : ""}`], axes[`yaxis${n ? n + 1 : ""}`]];
      const [px, py] = [event.clientX - left - x._offset, event.clientY - top - y._offset];
      return px >= 0 && px <= x._length && py >= 0 && py <= y._length;
    });
    if (hit >= 0) zoomTo(lines[hit]);
  });
  await draw();
  return () => ends.forEach((end) => end());
}
