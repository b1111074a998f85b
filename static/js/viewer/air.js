// Vacuum and air wavelengths after Ciddor 1996: the formula of retrieval/readers/air.py, held against it by a test.

/** The wavelength in standard air, Angstrom, of one in vacuum. */
export function airFromVacuum(vacuum) {
  return vacuum / index(vacuum);
}

/** The vacuum wavelength, Angstrom, of one in standard air; three rounds end far below 1e-6 Angstrom. */
export function vacuumFromAir(air) {
  let vacuum = air;
  for (let round = 0; round < 3; round += 1) vacuum = air * index(vacuum);
  return vacuum;
}

function index(vacuum) {
  const wavenumber = (1e4 / vacuum) ** 2; // 1 / micron^2
  return 1 + 5.792105e-2 / (238.0185 - wavenumber) + 1.67917e-3 / (57.362 - wavenumber);
}
