// What is shown of a spectrum, as a table to keep: ECSV, which is CSV with its units and provenance above it.

import { continuumOnPixels, inMedium } from "./drawing.js";

/** The pixels in view, as drawn: in the medium shown, smoothed as shown. */
export function ecsv(viewer) {
  const { figure, view, text } = viewer;
  const { flux, error, against, residual } = viewer.values;
  const medium = inMedium(view);
  const continuum = continuumOnPixels(figure);
  const unit = figure.unit === "relative flux" ? "" : figure.unit;
  const { kind, width } = view.smoothing;
  const columns = [
    ["wavelength", "Angstrom", `observed wavelength in ${view.medium}`, (i) => medium(figure.wavelength[i]).toFixed(3)],
    ["flux", unit, figure.unit, (i) => flux[i]],
    ["error", unit, "one sigma of flux; empty where there is none", (i) => error[i]],
    ["mask", "", "what the mask says, in words; empty where nothing", (i) => figure.why[i]],
    ["continuum", unit, "running median of the flux", (i) => continuum[i]],
    ["template", unit, against ? `${against.label}, times ${against.scale}` : "none is drawn", (i) => against?.flux[i]],
    ["residual", unit, "flux - template", (i) => residual?.[i]],
  ];
  const described = columns.map(([name, of, description]) => {
    const parts = [`name: ${name}`, of && `unit: ${quoted(of)}`, `datatype: ${name === "mask" ? "string" : "float64"}`, `description: ${quoted(description)}`];
    return `# - {${parts.filter(Boolean).join(", ")}}`;
  });
  const meta = {
    name: figure.name, page: location.href, medium: view.medium, z: text || "unknown",
    smoothing: kind === "none" ? "none" : `${kind}, ${width} pixels, weighted by inverse variance`,
  };
  const head = [
    "# %ECSV 1.0", "# ---", "# delimiter: ','", "# datatype:", ...described,
    "# meta: !!omap", ...Object.entries(meta).map(([name, value]) => `# - {${name}: ${quoted(value)}}`), "# schema: astropy-2.0",
  ];
  const rows = [];
  figure.wavelength.forEach((wave, i) => {
    if (!view.x || (wave >= view.x[0] && wave <= view.x[1])) rows.push(columns.map(([, , , value]) => cell(value(i))).join(","));
  });
  return `${[...head, columns.map(([name]) => name).join(","), ...rows].join("\n")}\n`;
}

const quoted = (value) => JSON.stringify(String(value)); // YAML reads JSON's strings

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  return /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

export function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
