// Keeps counts, impossible configurations and the estimate true to the form while it is filled in.
const form = document.querySelector("#launch");
const numbers = new Intl.NumberFormat("en-GB");
let waiting;
let asked = 0;

function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function counted(counts) {
  if (!counts) return "A filter could not be read.";
  const left = counts.left_out
    ? `; ${numbers.format(counts.left_out)} more have no file or no redshift and are left out`
    : "";
  return `${numbers.format(counts.count)} spectra${left}`;
}

function estimated(preview) {
  const cost = preview.estimate;
  if (!cost) return "None until the run is possible.";
  return (
    `About ${duration(cost.seconds)} with ${cost.workers} workers; ` +
    `${numbers.format(cost.prepared_megabytes)} MB on disk while it runs, ` +
    `${numbers.format(cost.database_megabytes)} MB kept in the database. ` +
    `An estimate from the counts: other machines take other times. Profile: ${preview.profile}.`
  );
}

function show(preview) {
  for (const [part, counts] of Object.entries(preview.counts)) {
    form.querySelector(`[data-count="${part}"]`).textContent = counted(counts);
  }
  for (const row of form.querySelectorAll("[data-configuration]")) {
    const obstacle = preview.obstacles[row.dataset.configuration] || "";
    row.querySelector("input").disabled = Boolean(obstacle);
    row.querySelector("[data-obstacle]").textContent = obstacle;
  }
  form.querySelector("[data-estimate]").textContent = estimated(preview);
  showChanges(preview.changes);
  form.querySelector("[data-faults]").replaceChildren(
    ...preview.faults.map((fault) => {
      const item = document.createElement("li");
      item.textContent = fault;
      return item;
    }),
  );
}

/** What differs from the run that this one is to be like; null while the run is not possible. */
function showChanges(changes) {
  const table = form.querySelector("[data-changes]");
  if (!table) return;
  form.querySelector("[data-unchanged]").hidden = !changes || changes.length > 0;
  table.hidden = !changes?.length;
  table.tBodies[0].replaceChildren(
    ...(changes ?? []).map(([name, before, after]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      for (const value of [before, after]) row.insertCell().textContent = value;
      return row;
    }),
  );
}

async function ask() {
  const mine = ++asked;
  const fields = new FormData(form);
  fields.delete("csrfmiddlewaretoken");
  const response = await fetch(`${form.dataset.preview}?${new URLSearchParams(fields)}`);
  if (response.ok && mine === asked) show(await response.json());
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask().catch(() => {}), 300); // without an answer, submitting still checks all
});
form.querySelector('[name="count"]').hidden = true;
