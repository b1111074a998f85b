// The spectrum beside the plot: the selection, the zoom and the page stay as they are.

import { mountSpectrum } from "./viewer.js";

export function openedSpectrum({ root, place, complain }) {
  const beside = root.querySelector(".beside");
  const panel = root.querySelector("[data-opened]");
  const heading = panel.querySelector("h2");
  let viewer = null;
  let from = null; // what opened it, to go back to

  function addresses({ name, release }) {
    const run = new URLSearchParams(root.dataset.query).get("run");
    const query = new URLSearchParams({ release, ...(run ? { run } : {}) });
    const page = `${root.dataset.spectraUrl}${encodeURIComponent(name)}/`;
    return { page: `${page}?${query}`, figure: `${page}figure.json?${query}` };
  }

  function turn(open) {
    panel.hidden = !open;
    beside.classList.toggle("two", open);
    window.Plotly.Plots.resize(place); // the plot has another width
  }

  async function show(who, opener = null) {
    const { page, figure } = addresses(who);
    from = opener;
    heading.textContent = who.name;
    panel.querySelector("[data-opened-page]").href = page;
    if (panel.hidden) turn(true);
    if (opener) heading.focus();
    try {
      if (viewer) await viewer.show({ url: figure });
      else viewer = await mountSpectrum(panel.querySelector("[data-viewer]"), { url: figure, compact: true });
    } catch (error) {
      complain(error);
    }
  }

  panel.querySelector("[data-close]").addEventListener("click", () => {
    viewer?.destroy();
    viewer = null;
    turn(false);
    if (from?.isConnected) from.focus();
  });
  return { show, addresses };
}
