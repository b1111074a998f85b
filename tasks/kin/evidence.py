"""What was found of a spectrum, in the form in which the spectrum's page shows a run's findings."""

from __future__ import annotations

from functools import cached_property

from catalog.counterparts.selectors import SourceAnswers
from catalog.evidence import Evidence, ShownRedshift
from catalog.measurements import line_row
from catalog.models import Candidate, LineMeasurement, LineRedshift, Neighbour, RegionMatch, Release, Spectrum

from .search import Kin


class KinEvidence(Evidence):
    """Evidence from one search: none of its rows stands in the database."""

    def __init__(self, kin: Kin) -> None:
        wave = kin.observed.wavelength
        position = kin.position or (None, None)
        super().__init__(
            spectrum=Spectrum(
                name=kin.observed.name,
                release=Release(simulated=kin.observed.header.simulated),
                source=kin.source,
                ra=position[0],
                dec=position[1],
                wave_min=float(wave[0]),
                wave_max=float(wave[-1]),
            ),
            run=kin.run,
        )
        self.kin = kin

    @cached_property
    def candidate(self) -> Candidate | None:
        return self.kin.candidate

    @cached_property
    def line_redshift(self) -> LineRedshift | None:
        found = self.kin.line_redshift
        if found is None:
            return None
        lines = dict(zip(found.lines, found.centers, strict=True))
        return LineRedshift(run=self.kin.run, z=found.value, scatter=found.scatter, lines=lines)

    @cached_property
    def neighbours(self) -> list[Neighbour]:
        return []

    @cached_property
    def redshift(self) -> ShownRedshift | None:
        if self.kin.z is None:
            return None
        origin = "of the nearest template" if self.kin.z_cl is None else "from lines"
        return ShownRedshift(self.kin.z, origin)

    @cached_property
    def measurements(self) -> dict[str, LineMeasurement]:
        if self.kin.candidate is None:
            return {}
        return {fit.line: line_row(self.kin.candidate, fit) for fit in self.kin.fits}

    @cached_property
    def regions(self) -> list[RegionMatch]:
        return self.kin.regions

    @cached_property
    def answers(self) -> SourceAnswers:
        return self.kin.answers or SourceAnswers(())

    @cached_property
    def same_source(self) -> list[Spectrum]:
        if self.kin.source is None:
            return []
        held = self.kin.source.spectra.select_related("release").order_by("mjd", "pk")
        return list(held.exclude(name=self.kin.observed.name)[:50])
