// Each segment's share of the distance from the nearest template, over wavelength: computed when it comes into view.

import { CONFIG, fail, fetchFigure, onScheme, paint, plotly } from "./figure.js";

const place = document.querySelector("[data-distance]");
const choice = document.querySelector("#configuration");
const said = document.querySelector("#distance-said");
let asked = 0;

async function draw() {
  asked += 1;
  const mine = asked;
  said.textContent = "The shares are being computed.";
  try {
    const url = new URL(place.dataset.distance, location.href);
    url.searchParams.set("configuration", choice.value);
    const [found, Plotly] = await Promise.all([fetchFigure(url), plotly()]);
    if (mine !== asked) return;
    if (!place.data) place.replaceChildren();
    const { edges, shares } = found;
    const percent = shares.map((share) => 100 * share);
    const middles = shares.map((_, n) => (edges[n] + edges[n + 1]) / 2);
    const data = [
      {
        type: "bar", name: "share of the segment", x: middles, y: percent, width: shares.map((_, n) => edges[n + 1] - edges[n]),
        meta: { role: "first" }, customdata: shares.map((_, n) => [edges[n], edges[n + 1]]),
        hovertemplate: "%{customdata[0]:.0f} to %{customdata[1]:.0f} Å<br>%{y:.2f} %<extra></extra>",
      },
      {
        type: "scatter", mode: "lines", name: "if all weighed alike", x: [edges[0], edges.at(-1)], y: Array(2).fill(100 / shares.length),
        meta: { role: "template" }, line: { width: 1, dash: "dash" }, hoverinfo: "skip",
      },
    ];
    const narrow = place.clientWidth < 600;
    const layout = {
      xaxis: { title: { text: "Observed vacuum wavelength (Å)" }, range: [edges[0], edges.at(-1)], nticks: narrow ? 5 : 12 },
      yaxis: { title: { text: "Share of the distance (%)" }, rangemode: "tozero" },
      margin: { l: 60, r: 12, t: 12, b: 80 }, bargap: 0, hovermode: "closest", dragmode: "zoom",
      legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", itemclick: false, itemdoubleclick: false },
    };
    paint({ data, layout });
    await Plotly.react(place, data, layout, CONFIG);
    const named = found.largest.map(({ first, last, share, lines }) =>
      `${first.toFixed(0)} to ${last.toFixed(0)} Å ${(100 * share).toFixed(1)} %${lines.length ? ` (${lines.join(", ")})` : ""}`);
    said.textContent = `${shares.length} segments add up to ${found.distance.toPrecision(6)}; the run found ${found.stored.toPrecision(6)} to ${found.template}. The largest shares: ${named.join("; ")}.`;
  } catch (error) {
    if (mine !== asked) return;
    said.textContent = "";
    if (place.data) window.Plotly.purge(place);
    fail(place, error);
  }
}

if (place) {
  choice.addEventListener("change", draw);
  onScheme(() => place.data && draw());
  const watch = new IntersectionObserver(([{ isIntersecting: seen }]) => {
    if (!seen) return;
    watch.disconnect();
    draw();
  }, { rootMargin: "200px" });
  watch.observe(place);
}

// The sky is shown where its link stands, once the reader asks: nothing is fetched from elsewhere before.
const sky = document.querySelector("[data-sky]");
sky?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const frame = Object.assign(document.createElement("iframe"), { src: sky.href, title: "The sky by Aladin Lite", className: "sky" });
  sky.parentElement.replaceWith(frame);
});
