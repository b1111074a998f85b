// How a spectrum is looked at, in the page's address: what is as it opens is left out, so that addresses stay short.

const number = (text) => (text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
const pair = (text) => {
  const [low, high] = (text ?? "").split(",").map((part) => number(part));
  return low !== null && high !== null && low < high ? [low, high] : null;
};

/** The options of the viewer that an address asks for; what it says wrongly is passed over. */
export function readAddress(parameters) {
  const view = {};
  const [kind, width] = (parameters.get("smooth") ?? "").split(":");
  if (["box", "gaussian"].includes(kind) && number(width ?? "") >= 1) view.smoothing = { kind, width: Math.min(51, number(width)) };
  if (parameters.get("medium") === "air") view.medium = "air";
  if (parameters.has("hide")) view.hidden = parameters.get("hide").split(",");
  if (parameters.has("off")) view.parts = Object.fromEntries(parameters.get("off").split(",").map((part) => [part, false]));
  if (parameters.has("over")) view.overlays = parameters.getAll("over");
  const [x, y] = [pair(parameters.get("x")), pair(parameters.get("y"))];
  if (x) Object.assign(view, { x, y });
  return view;
}

/** Write what the viewer shows into the address, without a step in the history. `z` is the text to keep, or null. */
export function writeAddress(viewer, z) {
  const { view, figure } = viewer;
  const address = new URL(location.href);
  const parameters = address.searchParams;
  const set = (name, value) => (value ? parameters.set(name, value) : parameters.delete(name));
  set("z", z);
  set("x", view.x?.map((edge) => edge.toFixed(2)).join(","));
  set("y", view.x && view.y?.map((edge) => edge.toPrecision(5)).join(","));
  set("smooth", view.smoothing.kind !== "none" && `${view.smoothing.kind}:${view.smoothing.width}`);
  set("medium", view.medium !== "vacuum" && view.medium);
  set("hide", [...view.hidden].join(","));
  set("off", Object.keys(view.parts).filter((part) => !view.parts[part]).join(","));
  parameters.delete("over");
  const opening = figure.overlays.find(({ kind }) => kind === "template");
  if (String(view.overlays) !== String(opening ? [opening.key] : [])) {
    for (const key of view.overlays.length ? view.overlays : [""]) parameters.append("over", key);
  }
  history.replaceState(null, "", address);
}
