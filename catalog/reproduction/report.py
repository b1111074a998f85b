"""The paper's numbers beside the portal's, on whatever data are loaded, as HTML and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Subquery
from django.template.loader import render_to_string

from catalog import citation
from catalog.counterparts.selectors import standing
from catalog.models import DECIDING, Candidate, CounterpartLookup, HIIRegion, Release, Run, SpectrumBlock

from . import paper
from .numbers import Counted, Ours, our_numbers
from .paper import PrintedRow, Statement, Value

ABSENT = "–"
SIGNS = (
    f"≠ a number that differs, {ABSENT} no number, † what the paper contradicts or misprints (see the end)."
)
PRINTED = "WISE region, its code, log([N II]/Hα), log([S II]/Hα), and whether New_found calls it new."


@dataclass(frozen=True)
class Line:
    """One number of the paper beside ours, as text.

    `apart` tells that both are numbers and differ, `contradicted` that the paper says otherwise elsewhere.
    """

    where: str
    what: str
    paper: str
    ours: str
    note: str
    apart: bool = False
    contradicted: bool = False

    @property
    def marked(self) -> str:
        return f"≠ {self.ours}" if self.apart else self.ours

    @property
    def marked_paper(self) -> str:
        return f"{self.paper} †" if self.contradicted else self.paper


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]
    about: str = ""


@dataclass(frozen=True)
class Equation:
    """A sum that should hold: in words, in the paper's numbers, in ours (ABSENT where one is missing)."""

    words: str
    paper: str
    ours: str


@dataclass(frozen=True)
class Report:
    title: str
    date: datetime
    run: Run
    release: Release | None
    version: str
    data: tuple[str, ...]
    sections: tuple[Section, ...]
    equations: tuple[Equation, ...]
    contradictions: tuple[str, ...]
    citation: str
    signs: str = SIGNS

    def html(self) -> str:
        return render_to_string("catalog/reproduction.html", {"report": self})

    def markdown(self) -> str:
        return "\n".join(_markdown(self)) + "\n"


def reproduce(*, run: Run, release: Release | None, date: datetime) -> Report:
    """Set every number of the paper beside ours: of a complete run, or of one release within it."""
    counted = Counted(run=run, release=release)
    ours = our_numbers(counted=counted)
    sections = [
        Section(group.title, tuple(_line(statement, ours[statement.key]) for statement in group.statements))
        for group in paper.GROUPS
    ]
    sections.append(Section("Rows that Table 2 prints", tuple(_printed(counted)), PRINTED))
    return Report(
        title="Lu et al. 2022 beside this portal",
        date=date,
        run=run,
        release=release,
        version=settings.VERSION,
        data=tuple(_data(counted)),
        sections=tuple(sections),
        equations=tuple(_equations(ours)),
        contradictions=paper.CONTRADICTIONS,
        citation=citation.PAPER,
    )


def _line(statement: Statement, ours: Ours) -> Line:
    numbers = isinstance(statement.value, int | float) and isinstance(ours.value, int | float)
    return Line(
        statement.where,
        statement.what,
        _text(statement.value),
        _text(ours.value),
        " ".join(filter(None, (ours.note, statement.remark))),
        apart=numbers and statement.value != ours.value,
        contradicted=statement.contradicted,
    )


def _text(value: Value) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else value


def _data(counted: Counted) -> Iterator[str]:
    """What is counted here, and where that is not what the paper had."""
    run = counted.run
    of_release = f", of which only {counted.release.name} is counted here" if counted.release else ""
    yield f"Run {run.pk} ({run.get_profile_display()}), computed by version {run.code_version}{of_release}."
    for part, theirs in zip(
        (SpectrumBlock.Part.QUERIES, SpectrumBlock.Part.TEMPLATES), paper.DATA.statements, strict=True
    ):
        releases = Release.objects.filter(spectra__in=counted.spectra(part)).distinct().order_by("slug")
        names = "; ".join(
            f"{release.name} (simulated: no telescope took it)" if release.simulated else release.name
            for release in releases
        )
        yield f"The paper has {_text(theirs.value)} {theirs.what}; here they are of {names or 'no release'}."
    if run.region_version:
        yield f"H II regions: the paper used WISE {paper.WISE_VERSION}; here {run.region_version}."
    else:
        yield "H II regions: none were loaded when the run ended, so no nebula lies in one."
    if counted.inspected:
        waiting = counted.confirmed.exclude(
            inspection_state__in=(Candidate.InspectionState.KEPT, Candidate.InspectionState.REJECTED)
        )
        yield f"Inspection: what was kept is counted; {waiting.count():,} candidates are not decided yet."
        if counted.confirmed.filter(votes__inspector__simulated=True).exists():
            yield "Votes of simulated inspectors are among those that decided: nobody looked at these."
    else:
        yield "Inspection: nobody has decided yet, so all are counted where the paper counts kept ones."

    for service in DECIDING:
        stands = counted.galaxies.annotate(stands=Subquery(standing(service=service).values("pk")[:1]))
        answers = CounterpartLookup.objects.filter(pk__in=stands.values("stands"))
        origins = answers.values_list("release", "snapshot__simulated").distinct().order_by("release")
        asked = [f"{release} (simulated)" if simulated else release for release, simulated in origins]
        told = f"answers of {', '.join(asked)}" if asked else "has answered about none of the galaxies"
        yield f"{service.label}: {told}."


def _printed(counted: Counted) -> Iterator[Line]:
    regions = {
        region.name: region
        for region in HIIRegion.objects.filter(
            version=counted.run.region_version, name__in=[row.region for row in paper.PRINTED_ROWS]
        )
    }
    held = {
        candidate.spectrum.name: candidate
        for candidate in counted.nebulae.filter(
            spectrum__name__in=[row.file for row in paper.PRINTED_ROWS]
        ).select_related("spectrum", "region")
    }
    for row in paper.PRINTED_ROWS:
        candidate = held.get(row.file)
        ours = _row_text(candidate) if candidate else ABSENT
        note = "" if candidate else "Not among the nebulae of this run. "
        name = f"{row.file} {row.mark}".strip()
        theirs = f"{row.region}, {row.catalog}, {_numbers(row.log_nii_ha, row.log_sii_ha)}, not new"
        yield Line("Table 2", name, theirs, ours, note + _place(row, regions.get(row.region)))


def _row_text(candidate: Candidate) -> str:
    region = f"{candidate.region.name}, {candidate.region.catalog}" if candidate.region else "outside, -"
    new = {None: "unclear", False: "not new", True: "newly found"}[candidate.new_found]
    return f"{region}, {_numbers(candidate.log_nii_ha, candidate.log_sii_ha)}, {new}"


def _numbers(*values: float | None) -> str:
    return ", ".join(ABSENT if value is None else f"{value:.3f}" for value in values)


def _place(row: PrintedRow, region: HIIRegion | None) -> str:
    """Whether the catalogue in use has the region where the paper prints it."""
    printed = (row.glon, row.glat, row.radius, row.catalog)
    if region is None:
        return f"{row.region} is not in the catalogue in use."
    here = (region.glon, region.glat, region.radius_arcsec, region.catalog)
    if here == printed:
        return "The region is as printed."
    described = [f"{code} {lon:g} {lat:+g}, {radius:g} arcsec" for lon, lat, radius, code in (printed, here)]
    return f"The region is printed as {described[0]}; here {described[1]}."


def _equations(ours: dict[str, Ours]) -> Iterator[Equation]:
    theirs = {statement.key: statement.value for group in paper.GROUPS for statement in group.statements}
    here = {key: number.value for key, number in ours.items()}
    for one in paper.SUMS:
        yield Equation(one.words, _sum(one, theirs), _sum(one, here, one.besides))


def _sum(one: paper.Sum, values: dict[str, Value], besides: tuple[str, ...] = ()) -> str:
    parts = [values[key] for key in (*one.parts, *besides)]
    whole = values[one.whole]
    if not all(isinstance(value, int) for value in (*parts, whole)):
        return ABSENT
    total = sum(value for value in parts if isinstance(value, int))
    return f"{' + '.join(map(_text, parts))} {'=' if total == whole else '≠'} {_text(whole)}"


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    yield f"Run {report.run.pk}, {report.date:%d %B %Y, %H:%M} UTC, Glowworm {report.version}."
    yield f"{report.citation}."
    yield ""
    yield from ("## What is counted", "")
    yield from (f"- {sentence}" for sentence in report.data)
    yield from ("", SIGNS)
    for section in report.sections:
        yield from ("", f"## {section.title}", *filter(None, (section.about,)), "")
        rows = [(line.where, line.what, line.marked_paper, line.marked, line.note) for line in section.lines]
        yield from markdown_table(("Where", "What", "Paper", "Here", "Note"), rows)
    yield from ("", "## Sums", "")
    sums = [(equation.words, equation.paper, equation.ours) for equation in report.equations]
    yield from markdown_table(("What", "Paper", "Here"), sums)
    yield from ("", "## † Contradictions in the paper", "")
    yield from (f"- {sentence}" for sentence in report.contradictions)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
