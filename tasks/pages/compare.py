"""Two runs side by side: what the second gained and lost, and how both agree with what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.downloads.lines import csv_response
from catalog.figures.drawing import Cell, Data
from catalog.models import Candidate, Catalogue, Run
from catalog.run_comparison import EDGES, RunComparison, against_catalogue, against_truth, reasons
from catalog.run_settings import configuration_labels, differences, run_settings
from catalog.template_ranks import rank_shifts, shared_configurations

SHOWN = 20
"""Candidates that the page shows of each list; the lists and the CSV have all."""
CHOICES = 200
"""Runs and catalogues that the form offers, the newest first; an address may name any."""
NAME_TWO = "Name two complete runs, as in ?a=1&b=2."
HEADINGS = (
    "what", "release", "file_LAMOST", "kind_a", "kind_b", "z_CL_a", "z_CL_b", "z_RT_a", "z_RT_b",
    "n_configurations_a", "n_configurations_b", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One of the lists: its candidates, how many, where the whole list is, and why they are in it."""

    title: str
    rows: list[Candidate]
    count: int
    url: str
    run: Run
    reasons: list[tuple[str, int]]


@dataclass(frozen=True)
class Asked:
    """The runs that an address names; ``fault`` says what is wrong with it."""

    before: Run | None
    after: Run | None
    catalogue: Catalogue | None
    fault: str


def _complete() -> QuerySet[Run]:
    return Run.objects.filter(completed_at__isnull=False).order_by("-pk")


def _asked(request: HttpRequest) -> Asked:
    """Without a run named: the newest complete one, and that before it."""
    names, faults = ("a", "b", "catalogue"), []
    numbers = {name: request.GET.get(name, "").strip() for name in names}
    if strange := sorted(set(request.GET) - set(names)):
        faults.append(f"This page has no parameter {', '.join(strange)}; there are a, b and catalogue.")
    found: dict[str, Any] = {}
    complete = _complete()
    newest = list(complete[:2])
    for name, default in (("a", newest[1:]), ("b", newest[:1])):
        number = numbers[name]
        run = complete.filter(pk=number).first() if number.isdecimal() else None
        if number and run is None:
            faults.append(f"There is no complete run {number}.")
        found[name] = run or (default[0] if default and not number else None)
    number, catalogues = numbers["catalogue"], Catalogue.objects.defer("provenance")
    catalogue = catalogues.filter(pk=number).first() if number.isdecimal() else None
    if number and catalogue is None:
        faults.append(f"There is no catalogue {number}.")
    if not numbers["catalogue"]:
        catalogue = catalogues.first()
    if found["a"] and found["a"] == found["b"]:
        faults.append(f"Run {found['a'].pk} is named twice: choose another beside it.")
    return Asked(found["a"], found["b"], catalogue, " ".join(faults))


@require_safe
def run_compare(request: HttpRequest) -> HttpResponse:
    """/runs/compare/?a=1&b=2: two complete runs; &catalogue=3 holds both against a published catalogue."""
    asked = _asked(request)
    context: dict[str, Any] = {
        "asked": asked,
        "runs": _complete().only("pk", "note")[:CHOICES],
        "catalogues": Catalogue.objects.only("number", "title")[:CHOICES],
        "ready": bool(asked.before and asked.after and not asked.fault),
    }  # fmt: skip
    if asked.before and asked.after and not asked.fault:
        context |= _compared(asked.before, asked.after, asked.catalogue)
    return render(request, "tasks/compare.html", context, status=400 if asked.fault else 200)


def _compared(before: Run, after: Run, catalogue: Catalogue | None) -> dict[str, Any]:
    found = RunComparison(before, after)
    runs = (before, after)
    configurations = [configuration_labels(run) for run in runs]
    settings = [run_settings(run, labels) for run, labels in zip(runs, configurations, strict=True)]
    made = [{"Code": run.code_version, "H II regions": run.region_version} for run in runs]
    candidates = reverse("candidates")
    kept = found.kept_counted()
    parts = [
        _absent("Gained", found.gained, f"{candidates}?run={after.pk}&not_in_run={before.pk}", after),
        _absent("Lost", found.lost, f"{candidates}?run={before.pk}&not_in_run={after.pk}", before),
        Part("Another kind", _first(found.moved.annotate(**_OTHER), kept.moved), kept.moved, "", after, []),
    ]
    return {
        "before": before,
        "after": after,
        "parts": parts,
        "n_kept": kept.count,
        "kept_url": f"{candidates}?run={after.pk}&also_in_run={before.pk}",
        "settings": differences(settings[0] | made[0], settings[1] | made[1]),
        "shift_heads": [f"under {edge:g}" for edge in EDGES] + [f"{EDGES[-1]:g} or more"],
        "shifts": kept.shifts,
        "truth": against_truth(runs),
        "published": against_catalogue(runs, catalogue) if catalogue else [],
        "catalogue": catalogue,
        "shown": SHOWN,
    }


def _absent(title: str, rows: QuerySet[Candidate], url: str, run: Run) -> Part:
    counted = reasons(rows)
    count = sum(n for _, n in counted)
    return Part(title, _first(rows, count), count, url, run, counted)


def _first(rows: QuerySet[Candidate], count: int) -> list[Candidate]:
    """The first of so many rows."""
    return list(rows.select_related("spectrum__release").order_by("pk")[:SHOWN]) if count else []


_OTHER = {"other_z_cl": F("other__z_cl"), "other_z_rt": F("other__z_rt"), "other_kind": F("other__kind")}


@require_safe
def run_templates(request: HttpRequest) -> HttpResponse:
    """/runs/compare/templates/?a=1&b=2: how the nearest templates of two complete runs agree.

    A page of its own, of which that of the comparison fetches the section: to rank the templates of every
    spectrum takes seconds.
    """
    asked = _asked(request)
    if asked.fault or not (asked.before and asked.after):
        raise Http404(asked.fault or NAME_TWO)
    context = {
        "before": asked.before,
        "after": asked.after,
        "shared": shared_configurations(asked.before, asked.after),
        "ranks": rank_shifts(asked.before, asked.after),
    }
    return render(request, "tasks/compare_templates.html", context)


@require_safe
def run_differences(request: HttpRequest) -> HttpResponseBase:
    """/runs/compare/candidates.csv?a=1&b=2: every candidate of either run, with what both say of it."""
    asked = _asked(request)
    if asked.fault or not (asked.before and asked.after):
        raise Http404(asked.fault or NAME_TWO)
    name = f"glowworm-runs-{asked.before.pk}-{asked.after.pk}-candidates.csv"
    return csv_response(Data(HEADINGS, _lines(RunComparison(asked.before, asked.after))), name)


def _lines(found: RunComparison) -> Iterator[tuple[Cell, ...]]:
    """Gained, lost, kept: by release and name each. What a run lacks is empty."""
    own = ("kind", "z_cl", "z_rt", "n_configurations")
    other = tuple(f"other__{field}" for field in own)
    key = ("spectrum__release__slug", "spectrum__name")
    nothing = (None,) * len(own)
    for what, rows in (("gained", found.gained), ("lost", found.lost)):
        for release, name, why, *values in rows.order_by(*key).values_list(*key, "why", *own).iterator():
            a, b = (nothing, values) if what == "gained" else (values, nothing)
            yield _line(what, release, name, a, b, why)
    for release, name, *values in found.kept.order_by(*key).values_list(*key, *other, *own).iterator():
        yield _line("kept", release, name, values[: len(own)], values[len(own) :], "")


def _line(what: str, release: str, name: str, a: Any, b: Any, why: str) -> tuple[Cell, ...]:
    pairs = (value for pair in zip(a, b, strict=True) for value in pair)
    return (what, release, name, *pairs, why)
