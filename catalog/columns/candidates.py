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
    Column("log(NII_H)_limit", "[N\xa0II] limit", "nii_is_limit", "bool", "1 where log(NII_H) is a 3-sigma upper limit", ucd="meta.code"),
    Column("log(SII_H)_limit", "[S\xa0II] limit", "sii_is_limit", "bool", "1 where log(SII_H) is a 3-sigma upper limit", ucd="meta.code"),
    Column("log(OIII_Hb)", "log([O\xa0III]/Hβ)", "log_oiii_hb", "float", "log10 of [O III]5008 over Hb", "", "spect.line.intensity;arith.ratio", 3),
    Column("log(OIII_Hb)_err", "error", "log_oiii_hb_err", "float", "Error of log(OIII_Hb)", "", "stat.error", 3),
    Column("snr_min", "Lowest S/N", "snr_min", "float", "Lowest S/N among Hb, [O III], Ha, [N II]", "", "stat.snr", 1),
    Column("class_our", "BPT class", "bpt_class", "str", "BPT class of a galaxy", ucd="src.class"),
    Column("class_reason", "Why unclassified", "bpt_reason", "str", "Why a galaxy is unclassified", ucd="meta.note"),
    Column("p_star_forming", "P star-forming", "p_star_forming", "float", "Probability of star-forming", "", "stat.probability", 3),
    Column("p_composite", "P composite", "p_composite", "float", "Probability of composite", "", "stat.probability", 3),
    Column("p_LINER", "P LINER", "p_liner", "float", "Probability of LINER", "", "stat.probability", 3),
    Column("p_Seyfert", "P Seyfert", "p_seyfert", "float", "Probability of Seyfert", "", "stat.probability", 3),
    Column("nebula_state", "Diagnostic", "nebula_state", "str", "Nebula diagnostic: H II-like, PN-like, undetermined", ucd="src.class"),
    Column("nebula_reason", "Why undetermined", "nebula_reason", "str", "Why the nebula diagnostic is undetermined", ucd="meta.note"),
    Column("WISE_Name", "WISE region", "region__name", "str", "Best WISE H II region that holds the position", ucd="meta.id.cross"),
    Column("New_found", "Newly found", "new_found", "bool", "Nebulae: 0 inside a WISE region, 1 newly found outside; empty while unclear", ucd="meta.code"),
    Column("velocity_LSR", "Velocity LSR", "velocity_lsr_kms", "float", "c z_CL in the local standard of rest", "km/s", "spect.dopplerVeloc", 0),
    Column("velocity_region", "Region velocity", "region_velocity_kms", "float", "The nearest of the LSR velocities of the region", "km/s", "spect.dopplerVeloc", 0),
    Column("near_galaxy", "Near galaxy", "near_galaxy", "str", "Near galaxy whose disc covers the position", ucd="meta.id.cross"),
    Column("flags", "Flags", "flags", "int", "Warnings, a bit each; none decides alone", ucd="meta.code.qual"),
    Column("inspection", "Inspection", "state_shown", "str", "What votes and adjudication have come to: waiting, conflict, kept, rejected", ucd="meta.code"),
    Column("withdrawn", "Withdrawn", "withdrawn_reason", "str", "Why an operator withdrew it; empty where nobody did", ucd="meta.note"),
    Column("run", "Run", "run_id", "int", "Number of the retrieval run", ucd="meta.id"),
    Column("profile", "Profile", "run__profile", "str", "Profile of the run", ucd="meta.code"),
    Column("code_version", "Code", "run__code_version", "str", "Version of the code that computed the row", ucd="meta.version"),
    Column("seed", "Seed", "run__seed", "int", "Seed of the run's codebooks", ucd="meta.number"),
)  # fmt: skip
