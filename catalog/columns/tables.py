"""Columns of Table 2 (nebulae) and Table 3 (galaxies) of Lu et al. 2022, in the spellings that docs/users/columns.md lists."""

from __future__ import annotations

from .column import Column
from .spectra import FILE

RATIOS: tuple[Column, ...] = (
    Column(
        "log(NII_H)", "log([N\xa0II]/Hα)", "log_nii_ha", "float", "log10 of [N II]6585 over Ha",
        "", "spect.line.intensity;arith.ratio", 3,
    ),
    Column(
        "log(SII_H)", "log([S\xa0II]/Hα)", "log_sii_ha", "float", "log10 of [S II]6718+6732 over Ha",
        "", "spect.line.intensity;arith.ratio", 3,
    ),
)  # fmt: skip

NEBULA_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    Column("WISE_Name", "WISE region", "wise_name", "str", "Name of the best WISE H II region, - if outside all; newly certified ones carry a number, and an asterisk where the diagnostic confirms them", ucd="meta.id.cross"),
    Column("Catalog", "Catalogue", "wise_catalog", "str", "WISE catalogue code: K known, G group, C candidate, Q radio quiet, - if outside", ucd="meta.code"),
    Column("GLong", "GLong", "glon", "float", "Galactic longitude: of the region, of the spectrum if outside", "deg", "pos.galactic.lon", 4),
    Column("GLat", "GLat", "glat", "float", "Galactic latitude: of the region, of the spectrum if outside", "deg", "pos.galactic.lat", 4),
    Column("Radius", "Radius", "region__radius_arcsec", "float", "Radius of the region", "arcsec", "phys.angSize;src", 0),
    *RATIOS,
    Column("New_found", "Newly found", "new_found", "bool", "0 inside a WISE region, 1 newly found outside", ucd="meta.code"),
)  # fmt: skip

GALAXY_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    Column("ra", "RA", "spectrum__ra", "float", "Right ascension (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "spectrum__dec", "float", "Declination (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("newG", "New", "new_galaxy", "bool", "1 where SIMBAD, SDSS and NED all answered that they hold nothing here, 0 where one holds it; empty until all were asked", ucd="meta.code"),
    Column("z_our", "z", "z_cl", "float", "Redshift from emission lines, z_CL", "", "src.redshift", 5),
    Column("class_our", "Class", "bpt_class", "str", "BPT class", ucd="src.class"),
    Column("simbad_id", "SIMBAD", "simbad_nearest__identifier", "str", "Nearest SIMBAD object", ucd="meta.id.cross"),
    Column("simbad_type", "SIMBAD type", "simbad_nearest__object_type", "str", "Its type", ucd="src.class"),
    Column("simbad_z", "SIMBAD z", "simbad_nearest__z", "float", "Its redshift", "", "src.redshift", 5),
    Column("SDSS_id", "SDSS", "sdss_nearest__identifier", "str", "Nearest SDSS object (64-bit number, kept as text)", ucd="meta.id.cross"),
    Column("SDSS_type", "SDSS type", "sdss_nearest__object_type", "str", "Its type", ucd="src.class"),
    Column("SDSS_petroRad", "SDSS radius", "sdss_nearest__petro_radius_arcsec", "float", "Its Petrosian radius", "arcsec", "phys.angSize;src", 2),
    Column("SDSS_z", "SDSS z", "sdss_nearest__z", "float", "Its redshift", "", "src.redshift", 5),
    Column("SDSS_zErr", "SDSS z error", "sdss_nearest__z_err", "float", "Error of its redshift", "", "stat.error;src.redshift", 5),
    Column("NED_name", "NED", "ned_nearest__identifier", "str", "Nearest NED object", ucd="meta.id.cross"),
    Column("NED_type", "NED type", "ned_nearest__object_type", "str", "Its type", ucd="src.class"),
    Column("NED_z", "NED z", "ned_nearest__z", "float", "Its redshift", "", "src.redshift", 5),
    Column("NED_zErr", "NED z error", "ned_nearest__z_err", "float", "Error of its redshift", "", "stat.error;src.redshift", 5),
)  # fmt: skip
