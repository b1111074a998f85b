"""What a run made of simulated spectra beside their truth, as HTML and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from catalog.models import DECIDING, CounterpartLookup, Run
from catalog.regions import PAPER_VERSION
from catalog.reproduction.report import markdown_table
from retrieval.lines import LINE

from .numbers import FLUX_LINES, LINED, Flux, Found, Matrix, NewFlag, Validation

NOTHING = "–"


@dataclass(frozen=True)
class Table:
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    title: str
    date: datetime
    run: Run
    version: str
    data: tuple[str, ...]
    tables: tuple[Table, ...]

    def html(self) -> str:
        return render_to_string("catalog/validation.html", {"report": self})

    def markdown(self) -> str:
        return "\n".join(_markdown(self)) + "\n"


def validation_report(*, validation: Validation, date: datetime) -> Report:
    return Report(
        title="A run held against the truth of its simulated spectra",
        date=date,
        run=validation.run,
        version=settings.VERSION,
        data=tuple(_data(validation)),
        tables=tuple(_tables(validation)),
    )


def share(part: int, whole: int) -> str:
    """ "3 of 4 (0.75)"; of none there is no share."""
    return f"{part:,} of {whole:,} ({part / whole:.2f})" if whole else NOTHING


def _data(validation: Validation) -> Iterator[str]:
    run, free = validation.run, validation.line_free
    yield (
        f"Run {run.pk} ({run.get_profile_display()}), computed by version {run.code_version}, against "
        f"{run.n_templates:,} templates in {run.codebooks.count()} configurations. All that is counted here "
        "is simulated: no telescope took it."
    )
    if validation.judged < validation.n_queries:
        yield (
            f"{validation.judged:,} of the {validation.n_queries:,} spectra that it searched have a truth; "
            "the others are left out."
        )
    yield (
        f"Right is a redshift within {run.z_tolerance:g} of the truth, of a spectrum with emission lines. "
        "Candidates are counted before inspection, without those that were withdrawn."
    )
    yield (
        f"Of {free.queries:,} spectra without emission lines {free.line_redshifts:,} were given a redshift "
        f"from lines, and {free.candidates:,} became candidates."
    )


def _tables(validation: Validation) -> Iterator[Table]:
    yield _bins(
        "Completeness and purity by the peak of the lines",
        "S/N of the brightest pixel of the lines. Only spectra that have lines: the others have no such S/N.",
        "peak S/N",
        validation.by_peak,
    )
    yield _bins(
        "Completeness and purity by S/N in r",
        "Purity counts the candidates without lines too.",
        "S/N r",
        validation.by_snr_r,
    )
    yield _of(
        "What became of each kind",
        "Galaxy and nebula: candidates at the true redshift. Any candidate without lines is wrong.",
        "simulated as",
        validation.kinds,
    )
    yield _of(
        "BPT classes",
        "Galaxies at their true redshift. Unclassified: one of the four lines is under S/N 3.",
        "simulated as",
        validation.classes,
    )
    yield _of("The nebula test", "Nebulae at their true redshift.", "simulated as", validation.nebulae)
    version = validation.run.region_version
    foreign = version != PAPER_VERSION
    yield _of(
        "H II regions",
        "Nebula candidates, right or wrong."
        + (
            f" The truth knows only the five regions that the paper prints; the run was matched with "
            f"{version or 'no catalogue'}, so another region is not an error."
            if foreign
            else ""
        ),
        "lies",
        validation.regions,
    )
    yield _fluxes(validation)
    if validation.new:
        yield _new(validation.new)
        yield _answers(validation.new)


def _bins(title: str, note: str, quantity: str, bins: tuple[Found, ...]) -> Table:
    rows = (
        (
            _range(found),
            f"{found.queries:,}",
            share(found.line_right, found.with_lines),
            share(found.line_right, found.line_redshifts),
            share(found.right, found.with_lines),
            share(found.right, found.candidates),
        )
        for found in bins
    )
    head = (
        quantity, "spectra", "z_CL: completeness", "z_CL: purity",
        "candidates: completeness", "candidates: purity",
    )  # fmt: skip
    return Table(title, note, head, tuple(rows))


def _range(found: Found) -> str:
    if math.isinf(found.high):
        return f"from {found.low:g}"
    return f"{found.low:g} to {found.high:g}" if found.low else f"under {found.high:g}"


def _of(title: str, note: str, corner: str, matrix: Matrix) -> Table:
    rows = ((row, *(f"{matrix.counts[row, column]:,}" for column in matrix.columns)) for row in matrix.rows)
    return Table(title, note, (corner, *matrix.columns), tuple(rows))


def _fluxes(validation: Validation) -> Table:
    rows = ((kind, *(_ratio(validation.fluxes[kind, line]) for line in FLUX_LINES)) for kind in LINED)
    return Table(
        "Line fluxes",
        "Median of measured over true flux, and the number of lines, of candidates at their true redshift; "
        "every line that was fitted, however faint.",
        ("simulated as", *(LINE[line].label for line in FLUX_LINES)),
        tuple(rows),
    )


def _ratio(flux: Flux) -> str:
    return NOTHING if flux.ratio is None else f"{flux.ratio:.2f} ({flux.lines:,})"


def _new(new: NewFlag) -> Table:
    note = (
        f"Galaxy candidates by what the simulated catalogues of {_listed()} hold within the radius, and what "
        f"they are called. Falsely called new: {new.false_new:,}."
    )
    if new.no_galaxies:
        note += f" {new.no_galaxies:,} of those called new are no galaxies, but wrong candidates."
    return _of("New galaxies", note, "simulated catalogues hold it", new.matrix)


def _answers(new: NewFlag) -> Table:
    outcomes = [(outcome.value, str(outcome.label)) for outcome in CounterpartLookup.Outcome]
    outcomes.append(("", "not asked"))
    rows = (
        (str(service.label), *(f"{new.answers[service.value, value]:,}" for value, _ in outcomes))
        for service in DECIDING
    )
    head = ("service", *(label for _, label in outcomes))
    return Table("Answers of the services", "Of the same candidates.", head, tuple(rows))


def _listed() -> str:
    *first, last = (str(service.label) for service in DECIDING)
    return f"{', '.join(first)} and {last}"


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    yield f"Run {report.run.pk}, {report.date:%d %B %Y, %H:%M} UTC, Glowworm {report.version}."
    yield ""
    yield from (f"- {sentence}" for sentence in report.data)
    for table in report.tables:
        yield from ("", f"## {table.title}", table.note, "")
        yield from markdown_table(table.head, table.rows)
