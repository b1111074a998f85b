// Find kin: the figure of what was found, the file dropped or chosen, and the search without leaving the page.

import { mountPage } from "./viewer/page.js";
import { mountShares } from "./viewer/shares.js";

const root = document.querySelector("[data-kin]");
const form = document.querySelector("[data-kin-form]");

/** Draws the figure that the page carries, and lets the table choose whose flux is drawn over it. */
async function mountFound() {
  const place = root.querySelector("[data-viewing]");
  if (!place) return;
  const shares = root.querySelector("[data-shares]");
  if (shares) {
    const { edges, kin } = JSON.parse(document.querySelector("#kin-shares").textContent);
    mountShares(shares, (n) => ({ edges, ...kin[n] }));
  }
  const { viewer } = await mountPage(place);
  const boxes = [...root.querySelectorAll("[data-kin-draw]")];
  for (const box of boxes) {
    box.disabled = false;
    box.addEventListener("change", () => {
      viewer.options({ overlays: boxes.filter(({ checked }) => checked).map(({ dataset }) => dataset.kinDraw) });
    });
  }
  viewer.listen(({ view }) => {
    for (const box of boxes) box.checked = view.overlays.includes(box.dataset.kinDraw);
  });
}

function problem(words, advice = "") {
  const notice = document.createElement("div");
  notice.className = "notice error";
  notice.id = "kin-problem";
  notice.tabIndex = -1;
  notice.setAttribute("role", "alert");
  for (const [tag, said] of [["strong", words], ["span", advice]]) {
    if (!said) continue;
    const line = document.createElement("p");
    line.append(Object.assign(document.createElement(tag), { textContent: said }));
    notice.append(line);
  }
  root.querySelector("#kin-problem")?.remove();
  root.append(notice);
  notice.focus();
}

/** Sends the form and shows how far it is; the form keeps everything, the file too, whatever comes back. */
function send() {
  const [file] = form.elements.file.files;
  const most = Number(form.dataset.most);
  if (file && file.size > most * 2 ** 20) {
    problem(`The file has ${(file.size / 2 ** 20).toFixed(0)} MB; at most ${most} MB are taken.`, "Send one spectrum, without its single exposures.");
    return;
  }
  const progress = form.querySelector("[data-kin-progress]");
  const said = form.querySelector("[data-kin-said]");
  const bar = progress.querySelector("progress");
  const button = form.querySelector("button[type=submit]");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  const say = (words, share) => {
    said.textContent = words;
    if (share === undefined) bar.removeAttribute("value");
    else bar.value = share;
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => say(`Uploading, ${Math.round((100 * loaded) / total)} %`, (100 * loaded) / total));
  request.upload.addEventListener("load", () => say("Searching …"));
  const done = () => { progress.hidden = true; button.disabled = false; };
  request.addEventListener("error", () => { done(); problem("The portal did not answer.", "Look at your connection, and try again: what you entered is still here."); });
  request.addEventListener("load", () => {
    done();
    const answer = request.response?.querySelector("[data-kin]");
    if (!answer) { problem(`The portal answered ${request.status}.`, "Try again: what you entered is still here."); return; }
    const errors = request.response.querySelectorAll("[data-kin-form] .errors");
    for (const old of form.querySelectorAll(".errors")) old.remove();
    for (const list of errors) form.querySelector(`#${list.id.replace(/_error$/, "")}`)?.after(document.importNode(list, true));
    root.replaceChildren(...[...answer.children].map((child) => document.importNode(child, true)));
    document.title = request.response.title;
    const focused = root.querySelector("#kin-problem") ?? root.querySelector("h1");
    focused.tabIndex = -1;
    focused.focus();
    scrollTo({ top: 0, behavior: "instant" });
    mountFound();
  });
  progress.hidden = false;
  button.disabled = true;
  say("Uploading …", 0);
  request.send(new FormData(form));
}

if (form) {
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  const drop = form.querySelector("[data-drop]");
  drop.querySelector("[data-drop-hint]").hidden = false;
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) form.elements.file.files = event.dataTransfer.files;
  });
}
mountFound();
