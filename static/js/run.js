// Follows an active job: asks for its progress every second and writes it into the page, until it has ended.
const EVERY = 1000;

const section = document.querySelector("[data-progress][data-active]");
const numbers = new Intl.NumberFormat("en-GB");
const rates = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function duration(seconds) {
  if (seconds === null) return "—";
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function inWords(progress) {
  const left = progress.remaining === null ? "" : `, about ${duration(progress.remaining)} left`;
  if (progress.seconds === null) return `waiting for a worker${left}`;
  return `${progress.percent} % after ${duration(progress.seconds)}${left}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showStage(stage) {
  const row = section.querySelector(`[data-stage="${stage.name}"]`);
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  row.querySelector("progress").value = stage.percent;
  write(cell("state"), stage.state);
  write(cell("done"), stage.total && stage.unit ? `${numbers.format(stage.done)} of ${numbers.format(stage.total)} ${stage.unit}` : "—");
  write(cell("rate"), stage.rate && stage.unit ? `${rates.format(stage.rate)}/s` : "—");
  write(cell("time"), duration(stage.seconds));
}

function showLog(lines) {
  const list = document.querySelector("[data-log]");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  list.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      const time = document.createElement("time");
      const message = document.createElement("span");
      item.className = line.level;
      time.dateTime = line.at;
      time.textContent = line.at.slice(11, 19);
      message.textContent = line.message;
      item.append(time, " ", message);
      return item;
    }),
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
}

async function look() {
  let progress;
  try {
    const response = await fetch(section.dataset.progress, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    progress = await response.json();
  } catch {
    setTimeout(look, 5 * EVERY); // away for a moment: the job goes on without us
    return;
  }
  if (!progress.active) {
    location.reload(); // counts, links and buttons are the server's to write
    return;
  }
  const state = section.querySelector("[data-state]");
  state.className = `tag ${progress.tone}`;
  write(state, progress.state);
  write(section.querySelector("[data-summary]"), inWords(progress));
  section.querySelector("[data-whole]").value = progress.percent;
  progress.stages.forEach(showStage);
  // Numbers change every second; only a new stage is worth being read out.
  const running = progress.stages.find((stage) => stage.state === "running");
  write(section.querySelector("[data-announce]"), running ? running.label : "");
  showLog(progress.log);
  setTimeout(look, EVERY);
}

if (section) setTimeout(look, EVERY);
