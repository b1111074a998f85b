"""Reads for one spectrum: which one is meant, why it is a candidate or not, what is known at its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F, Value

from retrieval import flags
from retrieval.diagnose import CLASSES, SCHEMES, Flux, class_by
from retrieval.lines import Line

from .classes import PROBABILITIES
from .counterparts.selectors import SourceAnswers, source_answers
from .figures.lines import DRAWN_LINES
from .models import (
    Candidate,
    LineMeasurement,
    LineRedshift,
    Neighbour,
    RegionMatch,
    Run,
    Spectrum,
)
from .regions import version_matched


def spectra_named(*, name: str) -> list[Spectrum]:
    """Every spectrum of that file name, the newest release first."""
    return list(
        Spectrum.objects.filter(name=name)
        .select_related("release", "source", "truth")
        .order_by("-release__created_at", "-pk")
    )


@dataclass(frozen=True)
class ShownRedshift:
    """The redshift at which lines are drawn, and whose it is."""

    value: float
    origin: str


@dataclass(frozen=True)
class LineRow:
    """One line at the shown redshift: where it should be (None without a redshift) and whether the spectrum
    reaches there, where the search found it, what was measured."""

    line: Line
    expected: float | None
    within: bool
    found: float | None
    measured: LineMeasurement | None

    @property
    def flags(self) -> list[str]:
        """Quality flags in words; a S/N under 3 is not also said to be under 5."""
        if self.measured is None:
            return []
        names = flags.decode(self.measured.flags)
        if "UPPER_LIMIT" in names:
            names = tuple(name for name in names if name != "LOW_SNR")
        return [flags.DESCRIPTIONS[flags.LineFlag[name]] for name in names]


class Evidence:
    """Everything about one spectrum under one run (None: no run yet). Each part is read when first used."""

    def __init__(self, *, spectrum: Spectrum, run: Run | None) -> None:
        self.spectrum = spectrum
        self.run = run

    @cached_property
    def candidate(self) -> Candidate | None:
        return Candidate.objects.filter(run=self.run, spectrum=self.spectrum).select_related("region").first()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the candidate's flags say, in words."""
        return flags.candidate_warnings(self.candidate.flags) if self.candidate else ()

    @property
    def probabilities(self) -> list[tuple[str, float]]:
        """Each BPT class of a classified galaxy with its probability."""
        if self.candidate is None or self.candidate.p_star_forming is None:
            return []
        return [
            (name, getattr(self.candidate, field)) for name, field in zip(CLASSES, PROBABILITIES, strict=True)
        ]

    @property
    def other_classes(self) -> list[tuple[str, str, str]]:
        """Title of each other scheme, the class by it, and why there is none."""
        nan = float("nan")
        fluxes = {
            key: Flux(
                nan if line.flux is None else line.flux, nan if line.flux_err is None else line.flux_err
            )
            for key, line in self.measurements.items()
        }
        width = self.measurements["ha"].ew if "ha" in self.measurements else None
        ew_ha = nan if width is None else width
        return [(scheme.title, *class_by(name, fluxes, ew_ha=ew_ha)) for name, scheme in SCHEMES.items()]

    @cached_property
    def line_redshift(self) -> LineRedshift | None:
        return LineRedshift.objects.filter(run=self.run, spectrum=self.spectrum).first()

    @cached_property
    def neighbours(self) -> list[Neighbour]:
        """The nearest template of each configuration, in the run's order."""
        found = (
            Neighbour.objects.filter(codebook__run=self.run, spectrum=self.spectrum, rank=1)
            .select_related("codebook", "template__release")
            .order_by("codebook__number")
        )
        if self.line_redshift:
            found = found.annotate(difference=Value(self.line_redshift.z) - F("z"))
        return list(found)

    @cached_property
    def ranked(self) -> list[tuple[Neighbour, int, int]]:
        """Each neighbour, how many configurations name its template, and the template's place by that.

        Of templates named equally often that of the earlier configuration stands first: distances of
        different configurations do not compare.
        """
        named = Counter(neighbour.template_id for neighbour in self.neighbours)
        order = [template for template, _ in named.most_common()]
        return [
            (neighbour, named[neighbour.template_id], order.index(neighbour.template_id) + 1)
            for neighbour in self.neighbours
        ]

    @property
    def template(self) -> Spectrum | None:
        """The template to draw: the agreeing one closest in z, else that of the first configuration."""
        agreeing = [neighbour for neighbour in self.neighbours if neighbour.agrees]
        if agreeing and self.line_redshift:
            z = self.line_redshift.z
            return min(agreeing, key=lambda neighbour: abs(neighbour.z - z)).template
        return self.neighbours[0].template if self.neighbours else None

    @cached_property
    def redshift(self) -> ShownRedshift | None:
        """From lines under the run, else as published, else None."""
        if self.line_redshift:
            return ShownRedshift(self.line_redshift.z, f"from lines, run {self.line_redshift.run_id}")
        if self.spectrum.z is not None:
            return ShownRedshift(self.spectrum.z, "as published")
        return None

    @property
    def agreeing_lines(self) -> list[Line]:
        """The lines that vote for z_CL, by wavelength."""
        found = self.line_redshift.lines if self.line_redshift else {}
        return [line for line in DRAWN_LINES if line.key in found]

    @cached_property
    def measurements(self) -> dict[str, LineMeasurement]:
        if not self.candidate:
            return {}
        return {measured.line: measured for measured in self.candidate.measurements.all()}

    def lines(self, *, z: float | None) -> list[LineRow]:
        """Every line at a redshift; without one none is expected anywhere."""
        first, last = self.spectrum.wave_min or 0.0, self.spectrum.wave_max or float("inf")
        found = self.line_redshift.lines if self.line_redshift else {}
        rows = []
        for line in DRAWN_LINES:
            expected = None if z is None else line.wavelength * (1 + z)
            within = expected is not None and first <= expected <= last
            rows.append(LineRow(line, expected, within, found.get(line.key), self.measurements.get(line.key)))
        return rows

    @cached_property
    def regions(self) -> list[RegionMatch]:
        return list(
            RegionMatch.objects.filter(spectrum=self.spectrum, version=version_matched(self.run))
            .select_related("region")
            .order_by("-is_best", "separation_arcsec")
        )

    @cached_property
    def answers(self) -> SourceAnswers:
        """What other catalogues said about the source."""
        return source_answers(spectrum=self.spectrum)

    @cached_property
    def same_source(self) -> list[Spectrum]:
        """Other spectra of the same source, by date."""
        if self.spectrum.source_id is None:
            return []
        others = Spectrum.objects.filter(source_id=self.spectrum.source_id).exclude(pk=self.spectrum.pk)
        return list(others.select_related("release").order_by("mjd", "pk")[:50])
