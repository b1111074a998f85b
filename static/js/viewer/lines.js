// Tables of lines keep to the redshift that is shown: where each is expected, and only those that the spectrum reaches.

/** `wavelength` are the spectrum's; without them no row is hidden or shown. */
export function expectLines(table, z, wavelength) {
  for (const cell of table.querySelectorAll("[data-rest]")) {
    const expected = Number(cell.dataset.rest) * (1 + z);
    cell.textContent = expected.toFixed(2);
    if (wavelength) cell.parentElement.hidden = expected < wavelength[0] || expected > wavelength.at(-1);
  }
}

/** `section` holds a table with its heading (templates/catalog/_lines.html); it is hidden until there is a redshift. */
export function followLines(section, viewer) {
  let shown = viewer.z;
  viewer.listen(({ z, text, figure }) => {
    if (z === shown || z === null) return;
    shown = z;
    section.hidden = false;
    section.querySelector("[data-z-text]").textContent = text;
    expectLines(section, z, figure.wavelength);
  });
}
