"""Columns of the kin of a spectrum: its nearest templates. Paths are attributes of a kinsman, dots between."""

from __future__ import annotations

from .column import Column
from .spectra import FILE

KIN_COLUMNS: tuple[Column, ...] = (
    Column("rank", "Rank", "rank", "int", "Rank by the true distance, 1 for the nearest template", ucd="meta.id.part"),
    Column("rank_PQ", "Rank before", "rank_before", "int", "Rank by the distance to the template's codes, before re-ranking", ucd="meta.id.part"),
    Column("file_LAMOST", "Template", "template.name", "str", FILE, ucd="meta.id;meta.main"),
    Column("release", "Release", "template.release.slug", "str", "Survey release of the template", ucd="meta.version"),
    Column("ra", "RA", "template.ra", "float", "Right ascension of the template (ICRS)", "deg", "pos.eq.ra;meta.main", 5),
    Column("dec", "Dec", "template.dec", "float", "Declination of the template (ICRS)", "deg", "pos.eq.dec;meta.main", 5),
    Column("z", "z", "template.z", "float", "Published redshift of the template", "", "src.redshift", 5),
    Column("agrees", "Agrees", "agrees", "bool", "1 where z is the redshift from the lines of the spectrum within the tolerance of the run, else 0; empty without one", ucd="meta.code"),
    Column("class", "Class", "template.cls", "str", "The survey's class of the template", ucd="src.class"),
    Column("subclass", "Subclass", "template.subclass", "str", "The survey's subclass of the template", ucd="src.class"),
    Column("distance_PQ", "PQ distance", "pq_distance", "float", "Distance to the template's codes, in the metric of the run", "", "arith", 5),
    Column("distance", "Distance", "distance", "float", "True distance, weighted by inverse variance, without masked samples", "", "arith", 5),
)  # fmt: skip
