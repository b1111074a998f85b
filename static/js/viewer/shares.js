// Each segment's share of the distance from a template, over wavelength.

import { CONFIG, fail, onScheme, paint, plotly } from "../figure.js";

/**
 * Draw in a figure with a choice; `answer(choice)` gives, at once or later, { edges, shares, distance, stored, template,
 * largest } (catalog/segments.py). Nothing is asked for before the figure comes into view.
 */
export function mountShares(figure, answer) {
  const place = figure.querySelector(".plot");
  const choice = figure.querySelector("select");
  const said = figure.querySelector("[data-said]");
  let asked = 0;

  async function draw() {
    asked += 1;
    const mine = asked;
    said.textContent = "The shares are being computed.";
    try {
      const [found, Plotly] = await Promise.all([answer(choice.value), plotly()]);
      if (mine !== asked) return;
      if (!place.data) place.replaceChildren();
      const drawn = drawing(found, place.clientWidth < 600);
      paint(drawn);
      await Plotly.react(place, drawn.data, drawn.layout, CONFIG);
      said.textContent = inWords(found);
    } catch (error) {
      if (mine !== asked) return;
      said.textContent = "";
      if (place.data) window.Plotly.purge(place);
      fail(place, error);
    }
  }

  choice.addEventListener("change", draw);
  onScheme(() => place.data && draw());
  const watch = new IntersectionObserver(([{ isIntersecting: seen }]) => {
    if (!seen) return;
    watch.disconnect();
    draw();
  }, { rootMargin: "200px" });
  watch.observe(place);
}

function drawing({ edges, shares }, narrow) {
  const data = [
    {
      type: "bar", name: "share of the segment", x: shares.map((_, n) => (edges[n] + edges[n + 1]) / 2),
      y: shares.map((share) => 100 * share), width: shares.map((_, n) => edges[n + 1] - edges[n]),
      meta: { role: "first" }, customdata: shares.map((_, n) => [edges[n], edges[n + 1]]),
      hovertemplate: "%{customdata[0]:.0f} to %{customdata[1]:.0f} Å<br>%{y:.2f} %<extra></extra>",
    },
    {
      type: "scatter", mode: "lines", name: "if all weighed alike", x: [edges[0], edges.at(-1)], y: Array(2).fill(100 / shares.length),
      meta: { role: "template" }, line: { width: 1, dash: "dash" }, hoverinfo: "skip",
    },
  ];
  const layout = {
    xaxis: { title: { text: "Observed vacuum wavelength (Å)" }, range: [edges[0], edges.at(-1)], nticks: narrow ? 5 : 12 },
    yaxis: { title: { text: "Share of the distance (%)" }, rangemode: "tozero" },
    margin: { l: 60, r: 12, t: 12, b: 80 }, bargap: 0, hovermode: "closest", dragmode: "zoom",
    legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", itemclick: false, itemdoubleclick: false },
  };
  return { data, layout };
}

function inWords({ shares, distance, stored, template, largest }) {
  const named = largest.map(({ first, last, share, lines }) =>
    `${first.toFixed(0)} to ${last.toFixed(0)} Å ${(100 * share).toFixed(1)} %${lines.length ? ` (${lines.join(", ")})` : ""}`);
  return `${shares.length} segments add up to ${distance.toPrecision(6)}; the search found ${stored.toPrecision(6)} to ${template}. The largest shares: ${named.join("; ")}.`;
}
