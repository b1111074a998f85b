"""Figure 3 of Lu et al. 2022: what is left after each step, with the list behind each count."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from .contributions import ConfigurationResult, configuration_results
from .models import Run, Spectrum
from .reproduction import paper
from .reproduction.numbers import Counted, flow_numbers

THEIRS = {statement.key: statement.value for group in paper.GROUPS for statement in group.statements}


@dataclass(frozen=True)
class Number:
    """One number: ours (None where ``note`` says why), the paper's, and the list of the rows behind it."""

    label: str
    ours: int | None
    theirs: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Step:
    """A box of the flow: what is done, and what it leaves; ``main`` is its first number."""

    title: str
    about: str
    counts: tuple[Number, ...]


@dataclass(frozen=True)
class Flow:
    """The common steps one after the other, then two branches side by side."""

    inspected: bool
    common: tuple[Step, ...]
    configurations: tuple[ConfigurationResult, ...]
    union: tuple[Step, ...]
    nebulae: tuple[Step, ...]
    galaxies: tuple[Step, ...]


def flow(*, run: Run) -> Flow:
    """The steps of a complete run. Candidates withdrawn by an operator are out; after inspection, only those
    that were kept go on."""
    return _Flow(run).flow()


class _Flow:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.counted = Counted(run=run)
        self.numbers = flow_numbers(counted=self.counted)
        kept = {"inspection_state": "kept"} if self.counted.inspected else {}
        self.params: dict[str, str] = {"run": str(run.pk), "withdrawn": "false", **kept}

    def count(self, key: str, label: str, url: str = "", theirs: str = "") -> Number:
        ours, paper_s = self.numbers[key], THEIRS[key]
        value = None if ours.value is None else int(ours.value)
        printed = theirs or ("" if paper_s is None else f"{paper_s:,}")
        return Number(label, value, printed, url, ours.note if value is None else "")

    def list(self, table: str, **params: str) -> str:
        """The list of candidates that the counts are of."""
        return f"{reverse(table)}?{urlencode({**self.params, **params})}"

    def flow(self) -> Flow:
        return Flow(
            inspected=self.counted.inspected,
            common=self._common(),
            configurations=tuple(configuration_results(self.run)),
            union=self._union(),
            nebulae=self._nebulae(),
            galaxies=self._galaxies(),
        )

    def _common(self) -> tuple[Step, ...]:
        held = Spectrum.objects.aggregate(n=Count("pk"))["n"]
        return (
            Step(
                "Select and prepare", "Cut to 3900 to 8900 Å, put on one grid, normalise.",
                (
                    Number("spectra held", held, url=reverse("spectra")),
                    self.count("queries", "queries that could be prepared"),
                    self.count("templates", "templates, galaxies of published redshift"),
                    Number("selected, but unusable", self.run.n_unusable),
                ),
            ),
            Step(
                "Search emission lines", "At least three of six lines must agree on one redshift, z_CL.",
                (self.count("line_redshifts", "queries with a z_CL"),),
            ),
        )  # fmt: skip

    def _union(self) -> tuple[Step, ...]:
        everything = f"{reverse('candidates')}?{urlencode({'run': str(self.run.pk), 'withdrawn': 'false'})}"
        kept = self.list("candidates") if self.counted.inspected else ""
        return (
            Step(
                "Join what they confirm", "A candidate is confirmed by at least one configuration.",
                (
                    self.count("confirmed", "candidates", everything),
                    self.count("confirmed_sources", "their unique sources"),
                ),
            ),
            Step(
                "Inspect by eye", "Inspectors vote, a resolver decides where they disagree.",
                (self.count("kept", "kept by inspection", kept),),
            ),
        )  # fmt: skip

    def _nebulae(self) -> tuple[Step, ...]:
        return (
            Step(
                "Nebulae", f"Below {self.run.velocity_limit_kms:g} km/s in both redshifts.",
                (self.count("nebulae", "nebula candidates", self.list("candidates", kind="nebula")),),
            ),
            Step(
                "Match with H II regions", "By position, within each WISE region's radius.",
                (
                    self.count("inside", "spectra inside a region", self.list("nebulae", status="inside")),
                    self.count("regions", "regions that hold them"),
                    self.count("new_regions", "of these, newly certified"),
                    self.count("proven_regions", "and confirmed by the diagnostic"),
                ),
            ),
            Step(
                "Diagnose by lines", "[S II]/Hα against [N II]/Hα.",
                (
                    self.count(
                        "passing", "H II-like spectra", self.list("nebulae", nebula_state="H II-like")
                    ),
                    self.count(
                        "passing_outside", "of these, newly found outside all regions",
                        self.list("nebulae", status="new"),
                    ),
                ),
            ),
            Step(
                "Result", "Table 2, and what nobody can tell.",
                (
                    self.count("table_2", "rows of Table 2", self.list("nebulae")),
                    self.count("unclear", "spectra that stay unclear", self.list("unclear")),
                ),
            ),
        )  # fmt: skip

    def _galaxies(self) -> tuple[Step, ...]:
        classes = [
            self.count(
                f"bpt_text_{name}", name, self.list("galaxies", bpt_class=name),
                f"{THEIRS[f'bpt_text_{name}']:,} or {THEIRS[f'bpt_caption_{name}']:,}",
            )
            for name in paper.BPT_CLASSES
        ]  # fmt: skip
        unclassified = self.list("galaxies", bpt_class="unclassified")
        return (
            Step(
                "Galaxies", "All others.",
                (
                    self.count("galaxies", "emission-line galaxies", self.list("galaxies")),
                    self.count("galaxy_sources", "their unique sources"),
                ),
            ),
            Step(
                "Classify by lines",
                "The BPT diagram. The paper gives two sets of counts, in its text and in Figure 8.",
                (*classes, self.count("unclassified", "unclassified", unclassified)),
            ),
            Step(
                "Look for counterparts",
                "In SIMBAD, SDSS and NED. New only where all three answered that they hold nothing.",
                (
                    self.count("known", "known spectra", self.list("galaxies", novelty="known")),
                    self.count("undecided", "not decided yet", self.list("galaxies", novelty="undecided")),
                ),
            ),
            Step(
                "Result", "Galaxies that nobody has recorded.",
                (
                    self.count("none", "new spectra", self.list("galaxies", novelty="new")),
                    self.count("none_sources", "new galaxies: their positions"),
                ),
            ),
        )  # fmt: skip
