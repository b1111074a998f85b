"""Columns of what an import holds and of what it refused."""

from __future__ import annotations

from .column import Column

FILE = "File name of the spectrum without .fits"

SPECTRUM_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "name", "str", FILE, ucd="meta.id;meta.main"),
    Column("release", "Release", "release__name", "str", "Survey release", ucd="meta.dataset"),
    Column("obsid", "Obsid", "obsid", "int", "Number of the observation", ucd="meta.id;obs"),
    Column("role", "Role", "role", "str", "Template, unknown or other", ucd="meta.code"),
    Column("ra", "RA", "ra", "float", "Right ascension (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "dec", "float", "Declination (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("class", "Class", "cls", "str", "Class given by the survey", ucd="src.class"),
    Column("subclass", "Subclass", "subclass", "str", "Subclass given by the survey", ucd="src.class"),
    Column(
        "objtype", "Object type", "object_type", "str", "Kind of target before observation", ucd="src.class"
    ),
    Column("z", "z", "z", "float", "Published redshift", "", "src.redshift", 5),
    Column(
        "z_err",
        "z error",
        "z_err",
        "float",
        "Error of the published redshift",
        "",
        "stat.error;src.redshift",
        5,
    ),
    Column("mjd", "MJD", "mjd", "int", "Local modified Julian day of observation", "d", "time.epoch;obs"),
    Column("snr_g", "S/N g", "snr_g", "float", "Median S/N per pixel in g", "", "stat.snr", 1),
    Column("snr_r", "S/N r", "snr_r", "float", "Median S/N per pixel in r", "", "stat.snr", 1),
    Column("snr_i", "S/N i", "snr_i", "float", "Median S/N per pixel in i", "", "stat.snr", 1),
    Column("mag_g", "g", "mag_g", "float", "Catalogue g magnitude", "mag", "phot.mag;em.opt.B", 2),
    Column("mag_r", "r", "mag_r", "float", "Catalogue r magnitude", "mag", "phot.mag;em.opt.R", 2),
    Column("sha256", "SHA-256", "sha256", "str", "Checksum of the original file", ucd="meta.checksum"),
)

REFUSAL_COLUMNS: tuple[Column, ...] = (
    Column(
        "file",
        "File",
        "file",
        "str",
        "File (and archive member or row) as it was met",
        ucd="meta.id;meta.file",
    ),
    Column("reason", "Reason", "reason", "str", "Code of the reason", ucd="meta.code"),
    Column("detail", "What was found", "detail", "str", "What was found, with its numbers", ucd="meta.note"),
    Column("advice", "What to do", "advice", "str", "What to do about it", ucd="meta.note"),
    Column("import", "Import", "batch_id", "int", "Number of the import", ucd="meta.id"),
)
