"""The one column dictionary: name, label, kind, unit, UCD and description of every published column.

Pages, downloads, the command line and the docs read it; the Virtual Observatory services will.
Names of Tables 2 and 3 are the paper's (Lu et al. 2022), in the spellings that `science.md` fixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["str", "int", "float", "bool"]


@dataclass(frozen=True)
class Column:
    """One published column.

    ``path`` leads from a row of the table's queryset to the value (an ORM path or an annotation);
    ``unit`` is a VOUnit; ``decimals`` is how pages print a float, downloads keep every digit.
    """

    name: str
    label: str
    path: str
    kind: Kind
    description: str
    unit: str = ""
    ucd: str = ""
    decimals: int | None = None

    @property
    def heading(self) -> str:
        """Label with its unit, for the head of a page's column."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


_FILE = "File name of the spectrum without .fits"

SPECTRUM_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "name", "str", _FILE, ucd="meta.id;meta.main"),
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

_RATIOS: tuple[Column, ...] = (
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
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", _FILE, ucd="meta.id;meta.main"),
    Column("WISE_Name", "WISE region", "wise_name", "str", "Name of the best WISE H II region, - if outside all", ucd="meta.id.cross"),
    Column("Catalog", "Catalogue", "wise_catalog", "str", "WISE catalogue code: K known, G group, C candidate, Q radio quiet, - if outside", ucd="meta.code"),
    Column("GLong", "GLong", "glon", "float", "Galactic longitude: of the region, of the spectrum if outside", "deg", "pos.galactic.lon", 4),
    Column("GLat", "GLat", "glat", "float", "Galactic latitude: of the region, of the spectrum if outside", "deg", "pos.galactic.lat", 4),
    Column("Radius", "Radius", "region__radius_arcsec", "float", "Radius of the region", "arcsec", "phys.angSize;src", 0),
    *_RATIOS,
    Column("New_found", "Newly found", "new_found", "bool", "0 inside a WISE region, 1 newly found outside", ucd="meta.code"),
)  # fmt: skip

GALAXY_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", _FILE, ucd="meta.id;meta.main"),
    Column("ra", "RA", "spectrum__ra", "float", "Right ascension (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "spectrum__dec", "float", "Declination (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("newG", "New", "new_galaxy", "bool", "1 where SIMBAD, SDSS and NED all answered that they hold nothing here, 0 where one holds it; empty until all were asked", ucd="meta.code"),
    Column("z_our", "z", "z_cl", "float", "Redshift from emission lines, z_CL", "", "src.redshift", 5),
    Column("class_our", "Class", "bpt_class", "str", "BPT class", ucd="src.class"),
    Column("simbad_id", "SIMBAD", "simbad_id", "str", "Nearest SIMBAD object", ucd="meta.id.cross"),
    Column("simbad_type", "SIMBAD type", "simbad_type", "str", "Its type", ucd="src.class"),
    Column("simbad_z", "SIMBAD z", "simbad_z", "float", "Its redshift", "", "src.redshift", 5),
    Column("SDSS_id", "SDSS", "sdss_id", "str", "Nearest SDSS object (64-bit number, kept as text)", ucd="meta.id.cross"),
    Column("SDSS_type", "SDSS type", "sdss_type", "str", "Its type", ucd="src.class"),
    Column("SDSS_petroRad", "SDSS radius", "sdss_radius", "float", "Its Petrosian radius", "arcsec", "phys.angSize;src", 2),
    Column("SDSS_z", "SDSS z", "sdss_z", "float", "Its redshift", "", "src.redshift", 5),
    Column("SDSS_zErr", "SDSS z error", "sdss_z_err", "float", "Error of its redshift", "", "stat.error;src.redshift", 5),
    Column("NED_name", "NED", "ned_id", "str", "Nearest NED object", ucd="meta.id.cross"),
    Column("NED_type", "NED type", "ned_type", "str", "Its type", ucd="src.class"),
    Column("NED_z", "NED z", "ned_z", "float", "Its redshift", "", "src.redshift", 5),
    Column("NED_zErr", "NED z error", "ned_z_err", "float", "Error of its redshift", "", "stat.error;src.redshift", 5),
)  # fmt: skip

CANDIDATE_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", _FILE, ucd="meta.id;meta.main"),
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
    *_RATIOS,
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
