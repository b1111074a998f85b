// The help of the keys, where they are changed; and the lines by which a clicked feature is named.

/** Wires the dialogue of keys: on and off, another key for an action, all as they were. */
export function helpOf({ dialog, keys }) {
  const said = dialog.querySelector("[data-remap-said]");
  const on = dialog.querySelector("[data-keys-on]");

  function label() {
    for (const shown of document.querySelectorAll("[data-key]")) shown.textContent = keys.name(shown.dataset.key);
    document.documentElement.classList.toggle("keys-off", !keys.on);
    on.checked = keys.on;
  }

  on.addEventListener("change", () => { keys.on = on.checked; label(); });
  for (const button of dialog.querySelectorAll("[data-remap]")) {
    button.addEventListener("click", async () => {
      said.textContent = "Press the new key, or Escape.";
      said.textContent = (await keys.remap(button.dataset.remap)) || "";
      label();
    });
  }
  dialog.querySelector("[data-remap-reset]").addEventListener("click", () => { keys.reset(); label(); });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  document.querySelector("[data-open-help]").addEventListener("click", () => dialog.showModal());
  label();
}

/** A row of the lines that a clicked feature may be; `name(z)` is called with the redshift that follows, as text. */
export function linesToName(place, { name }) {
  const row = document.createElement("div");
  row.className = "naming";
  row.hidden = true;
  row.setAttribute("role", "group");
  place.prepend(row);
  const close = () => { row.hidden = true; };
  row.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  return {
    close,
    open(wavelength, figure) {
      const said = document.createElement("span");
      said.textContent = `The feature at ${wavelength.toFixed(1)} Å is`;
      row.setAttribute("aria-label", said.textContent);
      const none = document.createElement("button");
      none.type = "button";
      none.className = "quiet";
      none.textContent = "none of these";
      none.addEventListener("click", close);
      row.replaceChildren(said, ...figure.lines.filter(({ kind }) => kind === "emission").map((line) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet";
        button.textContent = line.label;
        button.addEventListener("click", () => { close(); name((wavelength / line.wavelength - 1).toFixed(6)); });
        return button;
      }), none);
      row.hidden = false;
      row.querySelector("button").focus();
    },
  };
}
