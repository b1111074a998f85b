// The page of a spectrum: its address follows the viewer, and the viewer the address.

import { fetchFigure } from "./figure.js";
import { readAddress, writeAddress } from "./viewer/address.js";
import { mountPage } from "./viewer/page.js";
import { mountShares } from "./viewer/shares.js";

const SETTLED = 300; // ms without a change before the address is written

const shares = document.querySelector("[data-shares]");
if (shares) {
  mountShares(shares, (configuration) => {
    const url = new URL(shares.dataset.shares, location.href);
    url.searchParams.set("configuration", configuration);
    return fetchFigure(url);
  });
}

const asked = new URL(location.href).searchParams;
const page = await mountPage(document.querySelector("[data-viewing]"), { typed: asked.get("z"), view: readAddress(asked) });

let writing = null;
page.viewer.listen(() => {
  clearTimeout(writing);
  writing = setTimeout(() => writeAddress(page.viewer, page.typed), SETTLED);
});
