// Aladin Lite, from its own site, at a position. Only this page's policy lets it in.

const SCRIPT = "https://aladin.cds.unistra.fr/AladinLite/api/v3/latest/aladin.js";
const place = document.querySelector("#aladin");
const said = document.querySelector("#sky-said");

function refuse() {
  said.textContent = "Aladin Lite could not be loaded from aladin.cds.unistra.fr. The rest of the portal needs nothing of it.";
  said.className = "notice warning";
}

const script = document.createElement("script");
script.src = SCRIPT;
script.addEventListener("error", refuse);
script.addEventListener("load", async () => {
  try {
    await window.A.init;
    window.A.aladin("#aladin", { target: `${place.dataset.ra} ${place.dataset.dec}`, cooFrame: "ICRS", fov: 0.1, survey: "P/DSS2/color" });
    said.textContent = "";
  } catch {
    refuse();
  }
});
document.head.append(script);
