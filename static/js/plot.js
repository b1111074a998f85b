// Figures of the paper: each is fetched and drawn in its place; a click on a point opens its spectrum.

import { CONFIG, fail, fetchFigure, onScheme, paint, plotly } from "./figure.js";

async function draw(place) {
  const [figure, Plotly] = await Promise.all([fetchFigure(place.dataset.plot), plotly({ whole: true })]);
  place.replaceChildren();
  if (place.clientWidth < 600) figure.layout.margin = { ...figure.layout.margin, ...figure.layout.meta?.narrow };
  paint(figure);
  await Plotly.newPlot(place, figure.data, figure.layout, CONFIG);
  place.on("plotly_click", ({ points: [point] }) => {
    const address = point?.customdata?.[1];
    if (typeof address === "string") location.assign(address);
  });
  onScheme(() => {
    paint(place);
    Plotly.react(place, place.data, place.layout, CONFIG);
  });
}

for (const place of document.querySelectorAll("[data-plot]")) draw(place).catch((error) => fail(place, error));
