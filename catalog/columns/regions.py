"""Columns of H II regions, and those that the lists of nebulae carry besides Table 2."""

from __future__ import annotations

from .candidates import CANDIDATE_COLUMNS
from .column import Column
from .spectra import FILE
from .tables import RATIOS

REGION_COLUMNS: tuple[Column, ...] = (
    Column("WISE_Region", "WISE region", "name", "str", "Name of the WISE H II region", ucd="meta.id;meta.main"),
    Column("Catalog", "Catalogue", "catalog", "str", "WISE catalogue code: K known, G group, C candidate, Q radio quiet", ucd="meta.code"),
    Column("HII_Region", "Names", "hii_name", "str", "Other names", ucd="meta.id"),
    Column("GLong", "GLong", "glon", "float", "Galactic longitude of the centre", "deg", "pos.galactic.lon", 3),
    Column("GLat", "GLat", "glat", "float", "Galactic latitude of the centre", "deg", "pos.galactic.lat", 3),
    Column("ra", "RA", "ra", "float", "Right ascension (ICRS) of the centre", "deg", "pos.eq.ra;meta.main", 4),
    Column("dec", "Dec", "dec", "float", "Declination (ICRS) of the centre", "deg", "pos.eq.dec;meta.main", 4),
    Column("Radius", "Radius", "radius_arcsec", "float", "Radius of the region", "arcsec", "phys.angSize;src", 0),
    Column("VLSR", "VLSR (km/s)", "vlsr", "str", "LSR velocities in km/s as printed, several with semicolons", ucd="spect.dopplerVeloc"),
    Column("spectra", "Spectra", "n_spectra", "int", "Nebula candidates of the run whose best region it is", ucd="meta.number"),
    Column("spectra_inside", "All inside", "n_inside", "int", "Nebula candidates of the run within its radius, others' best or not", ucd="meta.number"),
    Column("spectra_HII", "H II-like", "n_confirmed", "int", "Of spectra, those that the diagnostic calls H II-like", ucd="meta.number"),
    Column("status", "Status", "status", "str", "known (code K) or newly certified, where it holds spectra", ucd="meta.code"),
    Column("number", "Number", "region_number", "int", "Number of a newly certified region in Table 2", ucd="meta.number"),
    Column("confirmed", "Confirmed", "region_confirmed", "bool", "Newly certified: 1 where the diagnostic calls a spectrum H II-like", ucd="meta.code"),
    Column("version", "Version", "version", "str", "Version of the WISE catalogue", ucd="meta.version"),
)  # fmt: skip


def _of_candidates(*names: str) -> tuple[Column, ...]:
    return tuple(column for name in names for column in CANDIDATE_COLUMNS if column.name == name)


_JUDGED = _of_candidates(
    "log(NII_H)_err", "log(SII_H)_err", "log(NII_H)_limit", "log(SII_H)_limit", "nebula_state",
    "nebula_reason", "velocity", "velocity_LSR", "velocity_region", "near_galaxy", "flags", "snr_r",
)  # fmt: skip

NEBULA_MORE_COLUMNS: tuple[Column, ...] = (
    Column("WISE_Region", "Region", "region__name", "str", "Plain name of the best WISE H II region", ucd="meta.id.cross"),
    Column("number", "Number", "region_number", "int", "Number of a newly certified region: the brackets of WISE_Name", ucd="meta.number"),
    Column("confirmed", "Confirmed", "region_confirmed", "bool", "Newly certified: 1 where the diagnostic calls a spectrum of the region H II-like, the asterisk of WISE_Name", ucd="meta.code"),
    *_of_candidates("ra", "dec", "z_CL"),
    *_JUDGED,
    *_of_candidates("inspection", "run"),
)  # fmt: skip

UNCLEAR_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    *_of_candidates("ra", "dec"),
    Column("GLong", "GLong", "spectrum__glon", "float", "Galactic longitude", "deg", "pos.galactic.lon", 4),
    Column("GLat", "GLat", "spectrum__glat", "float", "Galactic latitude", "deg", "pos.galactic.lat", 4),
    *_of_candidates("z_CL"),
    *RATIOS,
    *_JUDGED,
    *_of_candidates("inspection", "run"),
)  # fmt: skip
