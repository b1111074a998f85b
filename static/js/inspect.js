// Inspection by keyboard. Without this script the page is a form; with it the same page goes from one spectrum to the next:
// votes are on their way while the next spectrum, fetched and drawn already, is looked at.

import { Desk } from "./inspect/desk.js";
import { Figures } from "./inspect/figures.js";
import { Keys } from "./inspect/keys.js";
import { helpOf, linesToName } from "./inspect/help.js";
import { Opinion } from "./inspect/opinion.js";
import { Outbox } from "./inspect/outbox.js";
import { asker, newId } from "./inspect/server.js";
import { Stopwatch } from "./inspect/stopwatch.js";
import { expectLines } from "./viewer/lines.js";

const KEPT = 3; // figures of what was voted on last
const $ = (selector) => document.querySelector(selector);
const place = $("[data-figures]");
const config = $("#desk") ? JSON.parse($("#desk").textContent) : null;

if (config) inspect();
else if (place.dataset.figures) {
  new Figures(place, { onFeature: () => {} }).show({ id: 0, figure: place.dataset.figures, z: Number(place.dataset.z) });
}

function inspect() {
  const { page, user } = config;
  const ask = asker(user);
  const form = $("[data-answer]");
  config.item.html = Object.fromEntries(["about", "evidence", "votes"].map((part) => [part, $(`[data-${part}]`)?.innerHTML]));
  const opinion = new Opinion(form);
  const watch = new Stopwatch();
  const figures = new Figures(place, { onFeature: (wavelength) => naming.open(wavelength, figures.figure) });
  const naming = linesToName($(".looks"), { name: (z) => { opinion.z.value = z; moveLines(); } });
  const past = []; // what was voted on in this visit, the newest last
  const times = [];
  let score = { right: 0, answers: 0 };
  let answered = false; // practice: the truth of the spectrum in view is told
  let sending = false;

  const outbox = page !== "vote" ? null : new Outbox({
    user,
    send: ({ kind, candidate, id, body }) => ask(kind === "vote" ? config.answer : config.undo, { candidate, client_id: id, ...body }),
    onChange: sayState,
    onSaved: () => desk.refresh(),
    onRefused: (entry) => {
      if (entry.kind === "take-back" && desk.current.id === entry.candidate) { desk.done.add(entry.candidate); advance(); }
      else desk.refresh();
    },
  });
  const desk = new Desk({ config, ask, busy: (id) => outbox?.holds(id), onChange: (gone, words) => {
    if (words) tell(words);
    if (gone) { tell(`${gone.name} wants your vote no longer: others have decided it, or it was withdrawn.`); desk.done.add(gone.id); advance(); }
    else if (desk.done.has(desk.current.id) && page !== "practice") advance();
    prepare();
    sayProgress();
  } });

  const actions = {
    "type-z": () => { opinion.z.focus(); opinion.z.select(); },
    "type-comment": () => opinion.comment.focus(),
    "own-z": () => { opinion.z.value = ""; moveLines(); },
    undo, later,
    next: advance,
    page: () => open(desk.current.spectrum, "_blank", "noopener"),
    guide: () => { $("[data-guide]").open = !$("[data-guide]").open; },
    help: () => $("[data-help]").showModal(),
  };
  const keys = new Keys({ registry: config.keys, store: `glowworm:keys:${user}:${page}`, act });
  helpOf({ dialog: $("[data-help]"), keys });
  document.documentElement.classList.add("with-script");

  function act(action) {
    const [name, value] = action.split(":");
    if (name === "verdict") { opinion.choose(value); answer(); }
    else if (name === "class") opinion.toggleClass(value);
    else if (name === "reason") opinion.toggleReason(value);
    else actions[name]();
  }

  /** The typed redshift, null for z_CL, NaN for what is none. */
  function typedZ() {
    const text = opinion.z.value.trim();
    return text ? Number(text.replace("−", "-")) : null;
  }

  function moveLines() {
    const z = typedZ();
    const { lowest, highest } = opinion.z.dataset;
    const wrong = z !== null && !(z >= Number(lowest) && z <= Number(highest));
    if (wrong) {
      opinion.z.setAttribute("aria-invalid", "true");
      tell(`“${opinion.z.value.trim()}” is not a redshift between ${lowest} and ${highest}.`);
      return false;
    }
    opinion.z.removeAttribute("aria-invalid");
    const shown = z ?? desk.current.z;
    expectLines($("[data-evidence]"), shown, figures.figure?.wavelength);
    figures.move(shown, z === null ? String(shown) : opinion.z.value.trim());
    return true;
  }

  function answer() {
    if (!opinion.verdict) { tell("Choose a verdict."); return; }
    if (desk.done.has(desk.current.id) || !moveLines()) return;
    tell("");
    if (page === "vote") vote();
    else if (page === "practice") practise();
    else decide();
  }

  function vote() {
    const item = desk.current;
    const said = opinion.said;
    const id = newId();
    const seconds = Number(watch.seconds.toFixed(1));
    times.push(seconds);
    desk.done.add(item.id);
    past.push({ item, said, id });
    if (desk.left) desk.left -= 1;
    if (desk.voted !== null) desk.voted += 1;
    outbox.put({ id, kind: "vote", candidate: item.id, name: item.name, body: { ...said, seconds } });
    advance();
  }

  function undo() {
    const last = past.pop();
    if (!last) { tell("There is no vote of this visit to take back. Earlier ones are taken back on the candidate’s own page."); return; }
    if (!outbox.drop(last.id)) outbox.put({ id: last.id, kind: "take-back", candidate: last.item.id, name: last.item.name, body: {} });
    times.pop();
    if (desk.left !== null) desk.left += 1;
    if (desk.voted !== null) desk.voted -= 1;
    desk.done.delete(last.item.id);
    desk.items.set(last.item.id, last.item);
    desk.order = [last.item.id, ...desk.order.filter((id) => id !== last.item.id)];
    show(last.item, last.said);
    tell(`Your vote on ${last.item.name} is taken back.`);
  }

  function later() {
    const { next } = desk;
    if (!next) { tell("There is no other candidate here."); return; }
    desk.postpone();
    show(next);
  }

  async function practise() {
    if (answered || sending) return;
    sending = true;
    const item = desk.current;
    try {
      const { status, body } = await ask(config.answer, { run: config.run, candidate: item.id, ...opinion.said });
      if (status !== 200) { tell(body.error ?? `The server answered ${status}.`); return; }
      score = { right: score.right + body.right, answers: score.answers + 1 };
      answered = true;
      $("[data-truth]").innerHTML = body.html;
      $("[data-truth]").hidden = false;
      sayScore();
    } catch {
      tell("There is no network, and the truth stands on the server. Answer again when it is back.");
    } finally {
      sending = false;
    }
  }

  async function decide() {
    if (sending) return;
    sending = true;
    const item = desk.current;
    try {
      const { status, body } = await ask(config.answer, { candidate: item.id, ...opinion.said });
      if (status !== 200) { tell(body.error ?? `The server answered ${status}.`); return; }
      desk.done.add(item.id);
      if (desk.left) desk.left -= 1;
      $("[data-saved]").textContent = `Your decision on ${item.name} is kept.`;
      advance();
      desk.refresh();
    } catch {
      tell("There is no network: the decision is not kept. Decide again when it is back.");
    } finally {
      sending = false;
    }
  }

  /** Show what comes next; where nothing does, ask the server, which says so on a page of its own. */
  function advance() {
    if (page === "practice") desk.done.add(desk.current.id);
    const { next } = desk;
    if (next) { show(next); return; }
    if (desk.left === null) return; // the first answer of the server is still to come
    if (outbox?.state.waiting) { tell("No other candidate is here. More come as soon as your votes are sent."); return; }
    if (desk.left > 0 && !navigator.onLine) { tell("No other candidate is here until the network is back."); return; }
    const address = new URL(config.end, location.href);
    const kept = { ...(config.list && { list: config.list }), ...(page === "practice" && score) };
    address.search = new URLSearchParams({ run: config.run, ...kept });
    location.assign(address);
  }

  function show(item, said = {}) {
    desk.current = item;
    answered = false;
    opinion.said = said;
    naming.close();
    const typed = typedZ();
    figures.show(item, typed ?? item.z);
    document.title = document.title.replace(/\S+ · Glowworm$/, `${item.name} · Glowworm`);
    $("[data-name]").textContent = item.name;
    for (const [part, html] of Object.entries(item.html)) if (html !== undefined) $(`[data-${part}]`).innerHTML = html;
    if (typed !== null) moveLines();
    for (const part of document.querySelectorAll("[data-history]")) part.remove(); // it was the first one's
    if ($("[data-state]")) $("[data-state]").textContent = page === "vote" ? "open to your vote" : "votes disagree";
    if ($("[data-truth]")) $("[data-truth]").hidden = true;
    if (form.contains(document.activeElement)) document.activeElement.blur(); // keys act at once
    history.replaceState(null, "", item.page + location.search);
    watch.restart();
    sayProgress();
    if (desk.isLow) desk.refresh();
    requestAnimationFrame(() => setTimeout(prepare)); // after the spectrum in view is painted
  }

  function prepare() {
    const last = past.slice(-KEPT).map(({ item }) => item.id); // taking a vote back needs no network
    figures.keep(new Set([...last, ...[...desk.items.keys()].filter((id) => !desk.done.has(id))]));
    const { ahead } = desk;
    if (ahead[0]) figures.prepare(ahead[0]);
    (async () => { for (const item of ahead.slice(1)) await figures.fetch(item).catch(() => {}); })();
  }

  function sayProgress() {
    if (page === "practice") { sayScore(); return; }
    const parts = [];
    if (desk.left !== null) parts.push(page === "vote" ? `${desk.left} want your vote` : `${desk.left} to decide`);
    if (desk.voted !== null) parts.push(`${desk.voted} done`);
    if (times.length) parts.push(`${median(times).toFixed(1)} s each`);
    $("[data-progress]").textContent = parts.join(" · ");
  }

  function sayScore() {
    const { right, answers } = score;
    const words = `${right} of ${answers} right${answers ? ` (${Math.round((100 * right) / answers)} %)` : ""}.`;
    $("[data-score]").textContent = words;
    $("[data-progress]").textContent = words;
    form.elements.right.value = right;
    form.elements.answers.value = answers;
  }

  function sayState() {
    if (!outbox) return;
    const { waiting, offline, blocked, refused } = outbox.state;
    const votes = waiting === 1 ? "1 vote waits" : `${waiting} votes wait`;
    $("[data-saved]").textContent = blocked ? `${votes}. ${blocked}`
      : offline && waiting ? `No network: ${votes} in this browser.` : waiting ? "Saving…" : past.length ? "All saved." : "";
    $("[data-saved]").dataset.state = blocked || offline ? "waiting" : "saved";
    const list = $("[data-lost]");
    list.hidden = !refused.length;
    list.querySelector("ul").replaceChildren(...refused.map(({ kind, name, candidate, words }) => {
      const said = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${config.end}${candidate}/`;
      link.textContent = name;
      said.append(kind === "vote" ? "Your vote on " : "Your vote stays on ", link, kind === "vote" ? ` was not kept. ${words}` : `. ${words}`);
      return said;
    }));
  }

  function tell(words) {
    $("[data-refused]").hidden = !words;
    const said = document.createElement("p");
    said.textContent = words;
    $("[data-refused]").replaceChildren(...(words ? [said] : []));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  opinion.z.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (moveLines()) { tell(""); opinion.z.blur(); }
  });
  opinion.z.addEventListener("change", moveLines);
  $("[data-dismiss]").addEventListener("click", () => outbox?.dismiss());
  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(button.dataset.do));
  addEventListener("beforeunload", (event) => {
    const { waiting, offline, blocked } = outbox?.state ?? {};
    if (waiting && (offline || blocked)) event.preventDefault();
  });

  if (page === "practice") score = { right: Number(form.elements.right.value), answers: Number(form.elements.answers.value) };
  figures.show(desk.current);
  sayState();
  sayProgress();
  outbox?.flush();
  desk.refresh();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
