"""A whole simulated survey: which objects, where, how bright; and the folder of files that holds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy import units
from astropy.table import Table
from numpy.random import Generator

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader
from retrieval.readers.writer import file_name, write_lamost
from retrieval.simulate.instrument import WAVELENGTH, Exposure, expose
from retrieval.simulate.objects import GALAXIES, KINDS, MAKERS, NEBULAE, Light
from retrieval.simulate.regions import REGIONS, containing, displaced, to_equatorial, to_galactic

TEMPLATE, UNKNOWN = "template", "unknown"

_REPEAT = 10  # every tenth unknown galaxy or nebula is a second visit to the one before
_NEAR_ZERO = 25  # every 25th galaxy lies within 0.05 deg of right ascension 0
_VISIT_DAYS = 37

README = """\
Simulated spectra in the file layouts of LAMOST
===============================================

NOTHING HERE WAS OBSERVED. Every file carries the header card SIMULATE = T.

spectra/      {spectra} spectra: {templates} templates (CLASS GALAXY with a redshift) and {unknowns} unknowns
manifest.csv  file and role of each
truth.ecsv    what is true of each: kind, redshift, width, line fluxes, BPT class, region, S/N

Seed {seed}. The same seed and counts give the same bytes.
"""


_TEMPLATES = {
    "star-forming": 190,
    "composite": 50,
    "LINER": 40,
    "Seyfert": 40,
    "H II region": 25,
    "H II region outside": 35,
    "planetary nebula": 20,
}
_UNKNOWNS = {
    "star-forming": 110,
    "composite": 30,
    "LINER": 20,
    "Seyfert": 25,
    "H II region": 60,
    "H II region outside": 40,
    "planetary nebula": 25,
    "F star": 45,
    "noise": 45,
}


@dataclass(frozen=True)
class SurveyCounts:
    """How many spectra of each kind, by role; the default is the demonstration's mix."""

    templates: dict[str, int] = field(default_factory=lambda: dict(_TEMPLATES))
    unknowns: dict[str, int] = field(default_factory=lambda: dict(_UNKNOWNS))

    def __post_init__(self) -> None:
        for name, counts in ((TEMPLATE, self.templates), (UNKNOWN, self.unknowns)):
            if strange := set(counts) - set(KINDS):
                raise ValueError(
                    f"No such kind of {name}: {', '.join(sorted(strange))}. Kinds: {', '.join(KINDS)}."
                )
            if any(number < 0 for number in counts.values()):
                raise ValueError(f"A number of {name}s is negative: {counts}.")

    @property
    def total(self) -> int:
        return sum(self.templates.values()) + sum(self.unknowns.values())


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated spectrum; fluxes are in the file's unit times Angstrom."""

    kind: str
    role: str
    z: float
    velocity_kms: float
    sigma_kms: float  # of the gas, without the instrument
    fluxes: dict[str, float]
    bpt_class: str  # of galaxies; "" otherwise
    region: str  # the printed region that holds the position, "" outside of all
    snr_r: float  # of the file
    join_step: float  # factor on every flux redward of the arms' join
    source: str  # the same for every visit to one object


@dataclass(frozen=True)
class SimulatedSpectrum:
    spectrum: ObservedSpectrum
    truth: Truth


@dataclass(frozen=True)
class SurveySummary:
    folder: Path
    spectra: int
    templates: int
    unknowns: int
    bytes: int


def simulate(counts: SurveyCounts, seed: int) -> Iterator[SimulatedSpectrum]:
    """Yield the survey's spectra. Each object has a seed of its own, so it does not depend on the counts."""
    for role, numbers in ((TEMPLATE, counts.templates), (UNKNOWN, counts.unknowns)):
        for kind in KINDS:
            for index in range(numbers.get(kind, 0)):
                yield simulate_one(kind, role, index, seed)


def simulate_one(kind: str, role: str, index: int, seed: int) -> SimulatedSpectrum:
    """The spectrum number ``index`` of one kind and role."""
    stream = KINDS.index(kind) + (len(KINDS) if role == UNKNOWN else 0)
    is_repeat = role == UNKNOWN and kind in (*GALAXIES, *NEBULAE) and index % _REPEAT == _REPEAT - 1
    number = index - 1 if is_repeat else index
    source = np.random.default_rng([seed, stream, number, 0])
    visit = np.random.default_rng([seed, stream, index, 1])

    snr = _brightness(kind, role, source)
    light = MAKERS[kind](kind, snr, source)
    ra, dec = _position(kind, number, source)
    if is_repeat:
        ra, dec = displaced(ra, dec, visit.uniform(0.05, 0.45) / 3600, visit.uniform(0, 360))
    background = visit.normal(0, 0.02) if kind == "noise" else 0.0
    exposure = expose(light.continuum, light.lines, light.counts, visit, background_error=background)
    header = _header(kind, role, light, exposure, ra, dec, stream, index, is_repeat, visit)
    regions = containing(*to_galactic(ra, dec))
    truth = Truth(
        kind=kind,
        role=role,
        z=light.z,
        velocity_kms=SPEED_OF_LIGHT * light.z,
        sigma_kms=light.sigma_kms,
        fluxes=light.fluxes,
        bpt_class=light.bpt_class,
        region=regions[0].name if regions else "",
        snr_r=exposure.snr["r"],
        join_step=exposure.join_step,
        source=f"{stream:02d}-{number:05d}",
    )
    return SimulatedSpectrum(_observed(header, exposure), truth)


def _brightness(kind: str, role: str, rng: Generator) -> float:
    """Aimed S/N in r: templates 10 to 30, unknowns mostly below 10, featureless ones 1 to 3."""
    if kind == "noise":
        return float(rng.uniform(1, 3))
    if role == TEMPLATE:
        return float(rng.uniform(10, 30))
    return float(np.clip(rng.lognormal(math.log(5.5), 0.75), 1.2, 30))


def _position(kind: str, number: int, rng: Generator) -> tuple[float, float]:
    """Right ascension and declination, degrees: in a printed region, near the plane, or away from it."""
    if kind == "H II region":
        region = REGIONS[number % len(REGIONS)]
        distance = 0.95 * region.radius / 3600 * math.sqrt(rng.random())
        return to_equatorial(*displaced(region.glon, region.glat, distance, rng.uniform(0, 360)))
    if kind in NEBULAE:
        while True:
            glon, glat = rng.uniform(120, 230), rng.normal(0, 4)
            if not containing(glon, glat):
                return to_equatorial(glon, glat)
    while True:
        ra = rng.uniform(-0.05, 0.05) % 360 if number % _NEAR_ZERO == 0 else rng.uniform(0, 360)
        dec = math.degrees(math.asin(rng.uniform(math.sin(math.radians(-8)), math.sin(math.radians(60)))))
        if abs(to_galactic(ra, dec)[1]) > 15:
            return float(ra), dec


_TYPES = {  # input catalogues know little of what turns out to be what
    **dict.fromkeys(GALAXIES, (("gal", 0.6), ("Star", 0.25), ("FS", 0.1), ("QSO", 0.05))),
    **dict.fromkeys(NEBULAE, (("Star", 0.5), ("HII", 0.25), ("FS", 0.25))),
    "F star": (("Star", 0.8), ("FS", 0.2)),
    "noise": (("Star", 0.5), ("gal", 0.4), ("QSO", 0.1)),
}


def _header(
    kind: str,
    role: str,
    light: Light,
    exposure: Exposure,
    ra: float,
    dec: float,
    stream: int,
    index: int,
    is_repeat: bool,
    rng: Generator,
) -> SpectrumHeader:
    names, shares = zip(*_TYPES[kind], strict=True)
    z_err = float(round(10 ** rng.uniform(-5, -4.2), 8))
    lmjd = 56200 + 61 * stream + index // 250 + (_VISIT_DAYS if is_repeat else 0)
    is_template = role == TEMPLATE
    return SpectrumHeader(
        survey="LAMOST",
        release="Simulated",
        obsid=900_000_000 + 1_000_000 * stream + index,
        designation=designation(ra, dec),
        ra=round(ra, 7),
        dec=round(dec, 7),
        lmjd=lmjd,
        mjd=lmjd - 1,
        plan_id=f"SIM{stream:02d}B{index // 4000:02d}",
        spectrograph=index // 250 % 16 + 1,
        fiber=index % 250 + 1,
        object_type=str(rng.choice(names, p=shares)),
        cls="GALAXY" if is_template else "Unknown",
        subclass="Non",
        z=round(light.z + rng.normal(0, z_err), 8) if is_template else None,
        z_err=z_err if is_template else None,
        snr={band: round(value, 2) for band, value in exposure.snr.items()},
        magnitudes={band: round(value, 2) for band, value in exposure.magnitudes.items()},
        simulated=True,
        pipeline="simulation",
    )


def designation(ra: float, dec: float) -> str:
    """LAMOST's name of a position: JHHMMSS.ss+DDMMSS.s, truncated, not rounded."""
    centis, decis = int(ra / 15 * 360_000 + 1e-6), int(abs(dec) * 36_000 + 1e-6)
    hours, minutes, seconds = centis // 360_000, centis // 6_000 % 60, centis % 6_000 / 100
    degrees, arcmin, arcsec = decis // 36_000, decis // 600 % 60, decis % 600 / 10
    sign = "-" if dec < 0 else "+"
    return f"LAMOST J{hours:02d}{minutes:02d}{seconds:05.2f}{sign}{degrees:02d}{arcmin:02d}{arcsec:04.1f}"


def _observed(header: SpectrumHeader, exposure: Exposure) -> ObservedSpectrum:
    return ObservedSpectrum(
        name=file_name(header).removesuffix(".fits"),
        layout="lamost-image5" if (header.obsid or 0) % 2 == 0 else "lamost-coadd",
        wavelength=WAVELENGTH,
        flux=exposure.flux.astype(np.float32),
        ivar=exposure.ivar.astype(np.float32),
        andmask=exposure.andmask,
        ormask=exposure.ormask,
        header=header,
    )


def write_survey(
    out: Path,
    counts: SurveyCounts,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> SurveySummary:
    """Write the survey into a folder: spectra/, manifest.csv, truth.ecsv, README.txt.

    Half of the files have the image layout, half the COADD one; a third is gzipped. ``progress`` is told how
    many of how many are written. Raises FileExistsError where ``out`` already holds spectra, so that surveys
    never mix.
    """
    folder = out / "spectra"
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: choose another folder, or empty this one.")
    rows, size = [], 0
    for number, one in enumerate(simulate(counts, seed), start=1):
        obsid = one.spectrum.header.obsid or 0
        name = file_name(one.spectrum.header) + (".gz" if obsid % 3 == 0 else "")
        write_lamost(one.spectrum, folder / name, one.spectrum.layout)
        size += (folder / name).stat().st_size
        rows.append((f"spectra/{name}", one.truth))
        if progress is not None:
            progress(number, counts.total)
    templates, unknowns = sum(counts.templates.values()), sum(counts.unknowns.values())
    manifest = "".join(f"{name},{truth.role}\n" for name, truth in rows)
    (out / "manifest.csv").write_text("file,role\n" + manifest)
    if rows:
        truth_table(rows).write(out / "truth.ecsv", format="ascii.ecsv", overwrite=True)
    text = README.format(spectra=len(rows), templates=templates, unknowns=unknowns, seed=seed)
    (out / "README.txt").write_text(text)
    return SurveySummary(out, len(rows), templates, unknowns, size)


def truth_table(rows: list[tuple[str, Truth]]) -> Table:
    """One row per file: what is true of it, with units."""
    table = Table({"file": [name for name, _ in rows]})
    for column, unit in _TRUTH_COLUMNS.items():
        table[column] = [getattr(truth, column) for _, truth in rows]
        table[column].unit = unit
    for key, line in LINE.items():
        if any(key in truth.fluxes for _, truth in rows):
            column = f"flux_{key}"
            table[column] = [truth.fluxes.get(key, 0.0) for _, truth in rows]
            table[column].unit = units.Angstrom
            table[column].description = f"flux of {line.label} in the file's relative unit times Angstrom"
    table.meta["simulated"] = True
    return table


_TRUTH_COLUMNS: dict[str, units.UnitBase | None] = {
    "kind": None,
    "role": None,
    "source": None,
    "z": None,
    "velocity_kms": units.km / units.s,
    "sigma_kms": units.km / units.s,
    "bpt_class": None,
    "region": None,
    "snr_r": None,
    "join_step": None,
}
