"""Every number of Lu et al. 2022 that the portal can be held against, and where the paper gives it.

The only place where its numbers stand. ``key`` names the portal's own number in ``numbers``.
"""

from __future__ import annotations

from dataclasses import dataclass

Value = int | float | str | None


@dataclass(frozen=True)
class Statement:
    """One number (or setting) of the paper; ``remark`` says what is doubtful or to be known about it.

    ``contradicted``: it is one of those that CONTRADICTIONS speak of.
    """

    key: str
    where: str
    what: str
    value: Value
    remark: str = ""
    contradicted: bool = False


@dataclass(frozen=True)
class Group:
    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Sum:
    """An equation that should hold, said in ``words``: the keys ``parts`` add up to ``whole``.

    ``besides`` are parts that the portal has and the paper has not.
    """

    words: str
    parts: tuple[str, ...]
    whole: str
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrintedRow:
    """A row of Table 2 that the paper prints; ``mark`` is its bracketed number and asterisk."""

    file: str
    region: str
    mark: str
    catalog: str
    glon: float
    glat: float
    radius: float
    log_nii_ha: float | None = None
    log_sii_ha: float | None = None


DATA = Group(
    "Data",
    (
        Statement("queries", "data", "queries: class Unknown, LAMOST DR7 v1.2", 492_938,
                  "DR7 v2.0 counts otherwise, and DR10 has no class Unknown."),
        Statement("templates", "data", "templates: class GALAXY of DR6, published redshift", 177_270),
    ),
)  # fmt: skip

METHOD = Group(
    "Method",
    (
        Statement("range", "section 3", "wavelengths compared, Angstrom", "3900 to 8900"),
        Statement("samples_2", "section 3", "samples at a step of 2 Angstrom", 2500),
        Statement("samples_1", "section 3", "samples at a step of 1 Angstrom", 5000),
        Statement("normalization", "section 3", "normalisation", "f / sum(f^2)",
                  "As printed this is not unit norm: it would let brightness dominate the distance.",
                  contradicted=True),
        Statement("quantile", "section 3", "quantile of the residual above which emission is strong", 0.9),
        Statement("voting", "section 3", "lines that vote for z_CL", 6,
                  "One of them is printed as [O III]3727, a slip for [O II].", contradicted=True),
        Statement("needed", "section 3", "lines that must agree", 3),
        Statement("tolerance", "section 3", "within which they agree, and z_CL with z_RT", 0.001),
        Statement("metric", "section 3.1", "distance", "sum of Euclidean distances",
                  "Jegou et al. 2011, whom it cites, add squared distances."),
        Statement("configurations", "section 3.1", "configurations (step, M, K)", 12),
        Statement("velocity", "section 4", "nebulae: |v| below, km/s", 500),
    ),
)  # fmt: skip

CANDIDATES = Group(
    "Candidates",
    (
        Statement("line_redshifts", "section 4", "spectra with a redshift from lines, z_CL", 123_693),
        Statement("confirmed", "section 4", "candidates that a template confirms", 16_188,
                  "Spectra are counted, as 5,828 galaxies of 5,701 sources suggest; the text has one entry "
                  "per unique source."),
        Statement("confirmed_sources", "section 4", "their unique sources", None),
        Statement("kept", "section 4", "kept by inspection", 10_266),
        Statement("nebulae", "section 4", "of these, nebulae", 4_438),
        Statement("galaxies", "section 4", "of these, galaxies", 5_828),
    ),
)  # fmt: skip

NEBULAE = Group(
    "Nebulae",
    (
        Statement("inside", "section 4", "spectra inside a WISE H II region", 985),
        Statement("regions", "section 4", "regions that hold them", 72),
        Statement("known_regions", "section 4", "of these, known (K)", 43),
        Statement("known_inside", "section 4", "spectra inside known regions", 901),
        Statement("new_regions", "abstract, section 4", "regions not known before, newly certified", 29),
        Statement("new_inside", "section 4", "spectra inside these", 84),
        Statement("proven_regions", "section 4", "of these, confirmed by the diagnostic", 12),
        Statement("proven_inside", "section 4", "spectra that confirm them", 16),
        Statement("slow", "section 4", "inside regions, |v| below 150 km/s", "most"),
        Statement("passing", "section 4", "spectra that pass the diagnostic", 1_082),
        Statement("passing_inside", "section 4", "of these, inside a region", 285),
        Statement("passing_outside", "section 4", "of these, outside: newly found", 797, contradicted=True),
        Statement("table_2", "Table 2", "rows: inside a region, or passing outside", 1_782,
                  contradicted=True),
        Statement("unclear", "section 4", "nebulae that stay unclear", 2_656),
    ),
)  # fmt: skip

BPT_CLASSES = ("star-forming", "composite", "LINER", "Seyfert")
_TEXT = (1_624, 1_945, 1_725, 534)
_CAPTION = (3_503, 1_254, 191, 880)


def _bpt(key: str, where: str, counts: tuple[int, ...]) -> list[Statement]:
    named = zip(BPT_CLASSES, counts, strict=True)
    return [Statement(f"{key}_{name}", where, name, count, contradicted=True) for name, count in named]


GALAXIES = Group(
    "Galaxies",
    (
        *_bpt("bpt_text", "section 4", _TEXT),
        *_bpt("bpt_caption", "Figure 8, caption", _CAPTION),
        Statement("unclassified", "section 4", "without a class", None, "The paper gives every galaxy one."),
    ),
)

COUNTERPARTS = Group(
    "Counterparts of the galaxies",
    (
        Statement("cds", "section 4", "spectra in SIMBAD (CDS)", 4_245),
        Statement("sdss", "section 4", "spectra in SDSS", 4_254),
        Statement("either", "section 4", "spectra in either", 4_682),
        Statement("either_sources", "section 4", "their unique sources", 4_573),
        Statement("ned", "section 4", "of the rest, spectra in NED", 1_038),
        Statement("ned_sources", "section 4", "their unique sources", 1_022),
        Statement("none", "section 4", "spectra in none of the three: new", 108),
        Statement("none_sources", "abstract, section 4", "their positions: new galaxies", 106),
        Statement("known", "section 4", "known spectra", 5_720),
        Statement("known_sources", "section 4", "known sources", 5_595),
        Statement("galaxy_sources", "section 4", "unique sources of all galaxies", 5_701),
        Statement("undecided", "section 4", "spectra of which it is not known yet", None,
                  "New only where all three have answered that they hold nothing."),
        Statement("undecided_sources", "section 4", "their unique sources", None),
    ),
)  # fmt: skip

TABLES = Group(
    "Tables",
    (
        Statement("table_2_columns", "Table 2", "columns of the nebulae", 9),
        Statement("table_3", "Table 3", "rows: galaxies", 5_828),
        Statement("table_3_columns", "Table 3", "columns of the galaxies", 18),
    ),
)

_DRAWN = "drawn, not counted"
FIGURES = Group(
    "Figures",
    (
        Statement("worked_example", "Figure 2", "distances of the fourth spectrum from all four",
                  "4.423, 15.430, 8.656, 3.241",
                  "Its spectra are not given: only the ranking can be repeated, 4, 1, 3, 2."),
        Statement("snr_r", "Figure 4", "S/N r, median (5% to 95%)", _DRAWN),
        Statement("mag_g", "Figure 5", "g magnitude, median (5% to 95%)", _DRAWN),
        Statement("z_galaxies", "Figure 6", "redshift of galaxies, median (5% to 95%)", _DRAWN),
        Statement("z_templates", "Figure 6", "redshift of templates, median (5% to 95%)", _DRAWN),
        Statement("velocities", "Figure 7", "velocity of nebulae in km/s, median (5% to 95%)", _DRAWN),
        Statement("object_types", "Figure 9", "OBJTYPE, the most frequent", _DRAWN),
        Statement("z_simbad", "Figure 10", "galaxies with a redshift in SIMBAD; median |difference|", _DRAWN),
        Statement("z_sdss", "Figure 10", "galaxies with a redshift in SDSS; median |difference|", _DRAWN),
        Statement("z_ned", "Figure 10", "galaxies with a redshift in NED; median |difference|", _DRAWN),
        Statement("types_simbad", "Figure 11", "types in SIMBAD, the most frequent", _DRAWN),
        Statement("types_sdss", "Figure 11", "types in SDSS, the most frequent", _DRAWN),
        Statement("types_ned", "Figure 11", "types in NED, the most frequent", _DRAWN),
    ),
)  # fmt: skip

_SELF = "Whether the query itself is in the set is not said."
VALIDITY = Group(
    "Validity: galaxies that retrieve a galaxy among 4,000 F stars, per cent",
    (
        Statement("validity_2", "section 3.1.4", "K = 2", 58, _SELF),
        Statement("validity_3", "section 3.1.4", "K = 3", 87, _SELF),
        Statement("validity_4", "section 3.1.4", "K = 4", 96, _SELF),
    ),
)

WISE_VERSION = "V2.0"
_LATER = f"The numbers are those of V2.2; the paper used {WISE_VERSION}."
WISE = Group(
    "WISE catalogue of Galactic H II regions",
    (
        Statement("wise_regions", "Anderson et al. 2014, V2.2", "regions", 8_412,
                  f"{_LATER} One row has the code 0 and is no region."),
        Statement("wise_K", "V2.2", "known (K)", 2_210, _LATER),
        Statement("wise_G", "V2.2", "group (G)", 654, _LATER),
        Statement("wise_C", "V2.2", "candidate (C)", 1_767, _LATER),
        Statement("wise_Q", "V2.2", "radio-quiet (Q)", 3_780, _LATER),
        Statement("wise_radii", "V2.2", "radius in arcsec, smallest to largest", "5 to 18666", _LATER),
        Statement("wise_nested", "V2.2", "regions with their centre inside another", 1_954, _LATER),
    ),
)  # fmt: skip

GROUPS: tuple[Group, ...] = (
    *(DATA, METHOD, CANDIDATES, NEBULAE, GALAXIES),
    *(COUNTERPARTS, TABLES, FIGURES, VALIDITY, WISE),
)

SUMS: tuple[Sum, ...] = (
    Sum("nebulae and galaxies are what was kept", ("nebulae", "galaxies"), "kept"),
    Sum("regions: known and newly certified", ("known_regions", "new_regions"), "regions"),
    Sum("spectra inside: of known and newly certified regions", ("known_inside", "new_inside"), "inside"),
    Sum("passing the diagnostic: inside and outside", ("passing_inside", "passing_outside"), "passing"),
    Sum("Table 2: inside, and passing outside", ("inside", "passing_outside"), "table_2"),
    Sum("nebulae: in Table 2, or unclear", ("table_2", "unclear"), "nebulae"),
    Sum("galaxies: four classes, by the text; here also none",
        tuple(f"bpt_text_{name}" for name in BPT_CLASSES), "galaxies", ("unclassified",)),
    Sum("galaxies: four classes, by the caption; here also none",
        tuple(f"bpt_caption_{name}" for name in BPT_CLASSES), "galaxies", ("unclassified",)),
    Sum("known spectra: in SIMBAD or SDSS, else in NED", ("either", "ned"), "known"),
    Sum("known sources", ("either_sources", "ned_sources"), "known_sources"),
    Sum("galaxies: known and new; here also not known yet", ("known", "none"), "galaxies", ("undecided",)),
    Sum("sources of galaxies: known and new; here also not known yet",
        ("known_sources", "none_sources"), "galaxy_sources", ("undecided_sources",)),
)  # fmt: skip

CONTRADICTIONS: tuple[str, ...] = (
    "Figure 8 contradicts the text: its caption counts 3,503 star-forming, 1,254 composite, 191 LINER, 880 "
    "Seyfert; the text 1,624, 1,945, 1,725, 534. Both add up to 5,828, so neither is a target.",
    "797 stands for two things: the spectra that pass the diagnostic outside every region (1,082 - 285), and "
    "the rest of Table 2 (1,782 - 985). They agree only because Table 2 joins two criteria: of the 985 "
    "spectra inside a region 700 do not pass the diagnostic.",
    "The normalisation is printed as f / sum(f^2), whose norm is 1 / |f|, not 1.",
    "[O III]3727 among the lines that vote is a slip for [O II].",
)

PRINTED_ROWS: tuple[PrintedRow, ...] = (
    PrintedRow("spec-56649-GAC078N31M1_sp12-177", "G173.588-01.606", "", "K", 173.588, -1.606, 1298),
    PrintedRow("spec-57779-GAC099N04B1_sp14-053", "G206.316-02.103", "", "K", 206.316, -2.102, 3133),
    PrintedRow("spec-57779-GAC099N04M1_sp03-066", "G206.316-02.103", "", "K", 206.316, -2.102, 3133),
    PrintedRow("spec-57044-GAC057N34M1_sp11-028", "G159.957-12.738", "", "K", 159.957, -12.737, 5689),
    PrintedRow(
        "spec-57071-GAC084N35M1_sp09-179", "G173.468+03.230", "[1]*", "G", 173.468, 3.23, 1369, -0.444, -0.45
    ),
    PrintedRow("spec-56649-GAC078N31M1_sp15-048", "G173.156-03.442", "[2]", "Q", 173.156, -3.442, 728),
)
