// The map of an H II region: a click on a spectrum opens its page.

import { CONFIG, fail, fetchFigure, onScheme, paint, plotly } from "./figure.js";

const place = document.querySelector("[data-region]");

async function draw() {
  const [figure, Plotly] = await Promise.all([fetchFigure(place.dataset.region), plotly()]);
  place.replaceChildren();
  if (place.clientWidth < 600) figure.layout.margin = { ...figure.layout.margin, l: 48, b: 160 };
  paint(figure);
  await Plotly.newPlot(place, figure.data, figure.layout, CONFIG);
  place.on("plotly_click", ({ points: [point] }) => {
    if (point?.customdata) location.assign(point.customdata[1]);
  });
  onScheme(() => {
    paint(place);
    Plotly.react(place, place.data, place.layout, CONFIG);
  });
}

draw().catch((error) => fail(place, error));
