"""Columns of the galaxies that wait for an answer of other catalogues."""

from .column import Column

_OUTCOME = "matched, no-match, not-covered, failed; empty where never asked"

LOOKUP_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", "File name of the spectrum without .fits", ucd="meta.id;meta.main"),
    Column("ra", "RA", "spectrum__ra", "float", "Right ascension (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "spectrum__dec", "float", "Declination (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("z_our", "z", "z_cl", "float", "Redshift from emission lines, z_CL", "", "src.redshift", 5),
    Column("simbad_outcome", "SIMBAD", "simbad_outcome", "str", f"What SIMBAD said: {_OUTCOME}", ucd="meta.code"),
    Column("SDSS_outcome", "SDSS", "sdss_outcome", "str", f"What SDSS said: {_OUTCOME}", ucd="meta.code"),
    Column("NED_outcome", "NED", "ned_outcome", "str", f"What NED said: {_OUTCOME}", ucd="meta.code"),
)  # fmt: skip
