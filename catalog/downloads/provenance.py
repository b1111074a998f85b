"""Where a download comes from: the same facts in each format's header and in the JSON sidecar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings

from catalog import citation
from catalog.columns import Column
from catalog.models import Catalogue, Neighbour, Release, Run

from .selection import Selection


def describe(selection: Selection, *, count: int, date: datetime) -> dict[str, Any]:
    """Everything there is to say about a download, ready for JSON."""
    releases = _releases(selection)
    return {
        "title": selection.table.title,
        "table": selection.table.name,
        "rows": count,
        "date": date.isoformat(timespec="seconds"),
        "query": selection.query,
        "catalogue": _catalogue(selection.catalogue) if selection.catalogue else None,
        "run": describe_run(selection.run) if selection.run else None,
        "releases": [release.name for release in releases],
        "simulated": any(release.simulated for release in releases),
        "simulated_templates": selection.run is not None and confirmed_by_simulated(selection.run),
        "creator": f"Glowworm {settings.VERSION}",
        "citation": [
            *([selection.catalogue.citation] if selection.catalogue else []),
            citation.PAPER,
            citation.software(settings.VERSION),
        ],
        "columns": [_column(column) for column in selection.table.columns],
    }


def cards(facts: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """The FITS cards (keyword, value, comment) of the facts that ``describe`` gives."""
    yield "TITLE", facts["title"], ""
    yield "DATE", facts["date"].removesuffix("+00:00"), "UTC"
    yield "CREATOR", facts["creator"], "software that wrote the file"
    yield "QUERY", facts["query"], ""
    if catalogue := facts["catalogue"]:
        yield "CATALOG", catalogue["number"], "published catalogue"
        yield "CATTITLE", catalogue["title"], ""
        yield "CATDATE", catalogue["published_at"].removesuffix("+00:00"), "UTC"
        yield "CATSUM", catalogue["sha256"], ""
        yield "INSPECT", catalogue["inspected"], "T where people looked at the candidates"
        yield "CATPROV", json.dumps(catalogue["provenance"]), ""
    if run := facts["run"]:
        yield "RUN", run["number"], "retrieval run"
        yield "PROFILE", run["profile"], "profile of the run"
        yield "CODEVER", run["code_version"], "code that computed the run"
        yield "SEED", run["seed"], "seed of the codebooks"
        yield "METRIC", run["metric"], "distance of the search"
        yield "NORMALIZ", run["normalization"], "normalisation of the spectra"
        yield "ZTOL", run["z_tolerance"], "largest difference of z_CL and z_RT"
        yield "VLIMIT", run["velocity_limit_kms"], "[km/s] nebulae lie below"
        yield "CONFIGS", " ".join(run["configurations"]), ""
        yield "DETECT", json.dumps(run["detection"]), ""
        yield "TEMPLATE", json.dumps(run["template_selection"]), ""
        yield "QUERIES", json.dumps(run["query_selection"]), ""
        yield "REGIONS", run["region_version"], "H II region catalogue"
    yield "RELEASES", ", ".join(facts["releases"]), ""
    yield "SIMULATE", facts["simulated"], "T where no telescope took the spectra"
    yield "SIMTEMPL", facts["simulated_templates"], "T where simulated templates confirmed rows"
    for number, text in enumerate(facts["citation"], 1):
        yield f"CITE{number}", text, ""


def _releases(selection: Selection) -> list[Release]:
    ids = selection.rows.order_by().values_list(selection.table.release, flat=True).distinct()
    return list(Release.objects.filter(pk__in=list(ids)))


def confirmed_by_simulated(run: Run) -> bool:
    """Whether a template that no telescope took confirmed any candidate of the run."""
    agreeing = Neighbour.objects.filter(codebook__run=run, agrees=True)
    return agreeing.filter(template__release__simulated=True).exists()


def _catalogue(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "number": catalogue.number,
        "title": catalogue.title,
        "published_at": catalogue.published_at.isoformat(timespec="seconds"),
        "sha256": catalogue.sha256,
        "inspected": catalogue.inspected,
        "notes": catalogue.notes,
        "provenance": catalogue.provenance,
    }


def describe_run(run: Run) -> dict[str, Any]:
    """A run and its parameters, ready for JSON."""
    fields = (
        "profile", "metric", "normalization", "z_tolerance", "velocity_limit_kms", "detection", "seed",
        "template_selection", "query_selection", "region_version", "code_version", "n_templates",
        "n_queries", "n_line_redshifts", "n_candidates", "neighbours_sha256",
    )  # fmt: skip
    return {
        "number": run.pk,
        "configurations": [codebook.label for codebook in run.codebooks.all()],
        **{field: getattr(run, field) for field in fields},
        "completed_at": run.completed_at.isoformat(timespec="seconds") if run.completed_at else None,
    }


def _column(column: Column) -> dict[str, str]:
    return {
        "name": column.name,
        "type": column.kind,
        "unit": column.unit,
        "ucd": column.ucd,
        "description": column.description,
    }
