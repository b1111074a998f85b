"""Columns of candidates."""

from __future__ import annotations

from .column import Column
from .spectra import FILE
from .tables import RATIOS

CANDIDATE_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    Column("release", "Release", "spectrum__release__name", "str", "Survey release", ucd="meta.dataset"),
    Column("ra", "RA", "spectrum__ra", "float", "Right ascension (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "spectrum__dec", "float", "Declination (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("snr_r", "S/N r", "spectrum__snr_r", "float", "Median S/N per pixel in r", "", "stat.snr", 1),
    Column("kind", "Kind", "kind", "str", "galaxy, or nebula where both redshifts lie under the velocity limit", ucd="src.class"),
    Column("z_CL", "z lines", "z_cl", "float", "Redshift from emission lines", "", "src.redshift", 5),
    Column("z_RT", "z template", "z_rt", "float", "Published redshift of the nearest template", "", "src.redshift", 5),
    Column("velocity", "Velocity", "velocity_kms", "float", "c z_CL, heliocentric", "km/s", "spect.dopplerVeloc", 0),
    Column("n_lines", "Lines", "n_lines", "int", "Lines that agree on z_CL", ucd="meta.number"),
    Column("n_configurations", "Configurations", "n_configurations", "int", "Configurations in which z_CL and z_RT agree", ucd="meta.number"),
    Column("unique", "Unique", "is_primary", "bool", "1 for the one spectrum per source of highest S/N r", ucd="meta.code"),
    *RATIOS,
    Column("log(NII_H)_err", "error", "log_nii_ha_err", "float", "Error of log(NII_H)", "", "stat.error", 3),
    Column("log(SII_H)_err", "error", "log_sii_ha_err", "float", "Error of log(SII_H)", "", "stat.error", 3),
    Column("log(OIII_Hb)", "log([O\xa0III]/Hβ)", "log_oiii_hb", "float", "log10 of [O III]5008 over Hb", "", "spect.line.intensity;arith.ratio", 3),
    Column("log(OIII_Hb)_err", "error", "log_oiii_hb_err", "float", "Error of log(OIII_Hb)", "", "stat.error", 3),
    Column("snr_min", "Lowest S/N", "snr_min", "float", "Lowest S/N among Hb, [O III], Ha, [N II]", "", "stat.snr", 1),
    Column("class_our", "BPT class", "bpt_class", "str", "BPT class of a galaxy", ucd="src.class"),
    Column("nebula_state", "Diagnostic", "nebula_state", "str", "Nebula diagnostic: H II-like, PN-like, undetermined", ucd="src.class"),
    Column("WISE_Name", "WISE region", "region__name", "str", "Best WISE H II region that holds the position", ucd="meta.id.cross"),
    Column("run", "Run", "run_id", "int", "Number of the retrieval run", ucd="meta.id"),
    Column("profile", "Profile", "run__profile", "str", "Profile of the run", ucd="meta.code"),
    Column("code_version", "Code", "run__code_version", "str", "Version of the code that computed the row", ucd="meta.version"),
    Column("seed", "Seed", "run__seed", "int", "Seed of the run's codebooks", ucd="meta.number"),
)  # fmt: skip
