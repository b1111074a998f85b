"""The figures of Lu et al. 2022 that are drawn from rows: one entry each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.urls import reverse

from catalog.columns import CANDIDATE_COLUMNS
from catalog.filtersets import CandidateFilterSet
from catalog.models import Candidate, Catalogue, Run, Spectrum, SpectrumBlock
from catalog.publishing import tables as published
from catalog.runs import usable_ids
from catalog.tables import CANDIDATES, GALAXIES, Table

from .bpt import Bpt
from .comparison import Comparison
from .drawing import Drawing
from .histogram import Histogram
from .object_types import ObjectTypes, Source
from .shown import Shown


@dataclass(frozen=True)
class PaperFigure:
    """One figure: ``table`` gives its rows and filters, ``frozen`` those of a published catalogue.

    ``kind`` narrows candidates to galaxies or nebulae; ``noun`` is what one row is; ``look`` a class of CSS;
    ``axes`` are the columns by which /populations/ draws the same rows.
    """

    slug: str
    number: int
    title: str
    about: str
    noun: str
    drawing: Drawing
    table: Table = CANDIDATES
    frozen: published.PublishedTable = published.CANDIDATES
    kind: str = ""
    look: str = ""
    axes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address of its page."""
        return reverse("bpt") if self.slug == BPT else reverse("figure", args=[self.slug])

    @property
    def list_params(self) -> Mapping[str, str]:
        """What narrows the list of ``table`` to these rows."""
        return {"kind": self.kind} if self.kind and self.table.name == CANDIDATES.name else {}

    def of_run(self, *, run: Run | None, params: QueryDict) -> tuple[Any, Shown]:
        """The bound filter set, and the rows it selects from a run (none where it is not valid)."""
        kind = {"kind": self.kind} if self.kind else {}
        filterset = self.table.filterset(data=params, queryset=self.table.rows(run).filter(**kind))
        rows = filterset.qs if filterset.is_valid() else self.table.rows(None)
        return filterset, Shown(run, None, rows, (*self.table.columns, *CANDIDATE_COLUMNS))

    def of_catalogue(self, *, catalogue: Catalogue, chosen: Shown, filtered: bool) -> Shown:
        """A catalogue's rows; where filters are active, those whose candidates they select in its run."""
        rows: QuerySet[Any] = self.frozen.rows(catalogue)
        if self.frozen is published.CANDIDATES:  # it holds the rejected and the withdrawn, too
            kept = {"inspection": Candidate.InspectionState.KEPT} if catalogue.inspected else {}
            kind = {"kind": self.kind} if self.kind else {}
            rows = rows.filter(withdrawn="", **kept, **kind)
        if filtered:
            rows = rows.filter(spectrum__in=chosen.rows.order_by().values("spectrum"))
        return Shown(chosen.run, catalogue, rows, self.frozen.table.columns)


def _templates(shown: Shown) -> QuerySet[Spectrum]:
    """The run's templates that could be prepared."""
    if shown.run is None:
        return Spectrum.objects.none()
    ids = usable_ids(shown.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES)).tolist()
    return Spectrum.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids]))


BPT = "bpt"
NEBULA_CANDIDATES = replace(CANDIDATES, title="Nebula candidates", filterset=CandidateFilterSet)
SERVICES = (("SIMBAD", "simbad"), ("SDSS", "SDSS"), ("NED", "NED"))
FIGURES: dict[str, PaperFigure] = {
    figure.slug: figure
    for figure in (
        PaperFigure(
            "snr", 4, "Signal-to-noise ratio", "How deep the spectra of the candidates are.", "candidates",
            Histogram("snr_r", "S/N r per pixel", (0.0, 200.0), 0.2), axes=("snr_r",),
        ),
        PaperFigure(
            "magnitude", 5, "g magnitude", "How bright the candidates are.", "candidates",
            Histogram("spectrum__mag_g", "g (mag)", (5.0, 30.0), 0.1), axes=("mag_g",),
        ),
        PaperFigure(
            "redshift", 6, "Redshift", "The galaxies over the templates that confirm them.", "galaxies",
            Histogram(
                "z_our", "z", (-0.01, 2.0), 0.0005, by_kind=False, templates="z", templates_of=_templates
            ),
            table=GALAXIES, frozen=published.GALAXIES, kind="galaxy", axes=("z_our",),
        ),
        PaperFigure(
            "velocity", 7, "Velocity", "Heliocentric velocities of the nebula candidates.",
            "nebula candidates",
            Histogram("velocity", "Velocity (km/s)", (-1000.0, 1000.0), 5.0),
            table=NEBULA_CANDIDATES, kind="nebula", axes=("velocity",),
        ),
        PaperFigure(
            BPT, 8, "BPT diagram",
            "What ionises the gas of the galaxies, after Baldwin, Phillips and Terlevich 1981.",
            "galaxies", Bpt(), table=GALAXIES, kind="galaxy", look="square",
            axes=("log(NII_H)", "log(OIII_Hb)"),
        ),
        PaperFigure(
            "objtype", 9, "Object types", "What the survey took the candidates for before it observed them.",
            "candidates", ObjectTypes((Source("Object types", "spectrum__object_type"),)),
        ),
        PaperFigure(
            "redshift-compared", 10, "Redshifts compared",
            "Our redshifts beside those of SIMBAD, SDSS and NED.",
            "galaxies", Comparison("z_our", tuple((label, f"{name}_z") for label, name in SERVICES)),
            table=GALAXIES, frozen=published.GALAXIES, kind="galaxy", look="square",
            axes=("simbad_z", "z_our"),
        ),
        PaperFigure(
            "types-compared", 11, "Types in the databases",
            "What SIMBAD, SDSS and NED take the galaxies for.",
            "galaxies",
            ObjectTypes(
                tuple(
                    Source(label, f"{name}_type", f"{name}_{'name' if name == 'NED' else 'id'}")
                    for label, name in SERVICES
                )
            ),
            table=GALAXIES, frozen=published.GALAXIES, kind="galaxy", look="square",
        ),
    )
}  # fmt: skip
"""By slug, in the paper's order. Figures 1 and 2 are the page how-it-works, Figure 3 the page pipeline."""
