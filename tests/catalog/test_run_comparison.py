"""Two runs side by side: gained, lost, kept, why, redshifts, templates, agreement."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from catalog.models import Codebook, Run, Spectrum
from catalog.publishing.services import catalogue_publish
from catalog.run_comparison import (
    NO_LINES,
    NO_TEMPLATE,
    NOT_SEARCHED,
    RunComparison,
    against_catalogue,
    against_truth,
    reasons,
)
from catalog.run_settings import configuration_labels, differences, run_settings
from catalog.tables import CANDIDATES
from catalog.template_ranks import rank_shifts, shared_configurations
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs() -> tuple[Run, Run]:
    return f.RunFactory(seed=1), f.RunFactory(seed=2)


def searched(run: Run, spectrum: Spectrum, *templates: Spectrum, z_cl: float | None = 0.1) -> None:
    """The spectrum's nearest template under each configuration of the run, and its redshift from lines."""
    for number, template in enumerate(templates):
        codebook = Codebook.objects.filter(run=run, number=number).first() or f.CodebookFactory(
            run=run, number=number, segments=25, centers=100 + number
        )
        f.NeighbourFactory(codebook=codebook, spectrum=spectrum, template=template, agrees=False)
    if z_cl is not None:
        f.LineRedshiftFactory(run=run, spectrum=spectrum, z=z_cl)


def names(rows: object) -> set[str]:
    return {row.spectrum.name for row in rows}


def test_gained_lost_and_kept_with_the_step_at_which_they_fell_out(runs: tuple[Run, Run]) -> None:
    a, b = runs
    template = f.SpectrumFactory(template=True)
    kept, unlined, wrong, unsearched, lost = (f.SpectrumFactory(name=name) for name in "kuwsl")
    for run in runs:
        searched(run, kept, template)
        f.CandidateFactory(run=run, spectrum=kept)
    for spectrum, z_cl in ((unlined, None), (wrong, 0.2)):
        searched(a, spectrum, template, z_cl=z_cl)
        f.CandidateFactory(run=b, spectrum=spectrum)
    f.CandidateFactory(run=b, spectrum=unsearched)
    searched(b, lost, template, z_cl=0.3)
    f.CandidateFactory(run=a, spectrum=lost)
    f.CandidateFactory()  # of another run

    found = RunComparison(a, b)
    assert {row.spectrum.name: row.why for row in found.gained} == {
        "u": NO_LINES,
        "w": NO_TEMPLATE,
        "s": NOT_SEARCHED,
    }
    assert {row.spectrum.name: row.why for row in found.lost} == {"l": NO_TEMPLATE}
    assert reasons(found.gained) == [(NOT_SEARCHED, 1), (NO_LINES, 1), (NO_TEMPLATE, 1)]
    assert reasons(found.lost) == [(NO_TEMPLATE, 1)]
    assert names(found.kept) == {"k"}

    lists = {f"not_in_run={a.pk}": names(found.gained), f"also_in_run={a.pk}": {"k"}}
    for query, expected in lists.items():
        assert names(CANDIDATES.filter(run=b, params=QueryDict(query)).qs) == expected
    assert not CANDIDATES.filter(run=b, params=QueryDict("not_in_run=99999")).is_valid()


def test_shifts_of_redshift_are_counted_by_size(runs: tuple[Run, Run]) -> None:
    a, b = runs
    moves = (0.0, 5e-7, 5e-6, 5e-5, 5e-4, 0.01)
    for move in moves:
        spectrum = f.SpectrumFactory()
        f.CandidateFactory(run=a, spectrum=spectrum, z_cl=0.1, z_rt=0.1)
        f.CandidateFactory(run=b, spectrum=spectrum, z_cl=0.1, z_rt=0.1 - move)
    kept = RunComparison(a, b).kept_counted()
    assert (kept.count, kept.moved) == (6, 0)
    lines, template = kept.shifts
    assert (lines.counts, lines.largest) == ((6, 0, 0, 0, 0), 0.0)
    assert template.counts == (2, 1, 1, 1, 1)
    assert template.largest == pytest.approx(0.01)


def test_shifts_of_nothing_are_none(runs: tuple[Run, Run]) -> None:
    kept = RunComparison(*runs).kept_counted()
    assert (kept.count, kept.moved) == (0, 0)
    assert [(one.counts, one.largest) for one in kept.shifts] == [((0,) * 5, None)] * 2


def test_a_galaxy_that_became_a_nebula_has_moved(runs: tuple[Run, Run]) -> None:
    a, b = runs
    spectrum = f.SpectrumFactory()
    f.CandidateFactory(run=a, spectrum=spectrum)
    f.CandidateFactory(run=b, spectrum=spectrum, nebula=True)
    found = RunComparison(a, b)
    assert names(found.moved) == {spectrum.name}
    assert (found.kept_counted().count, found.kept_counted().moved) == (1, 1)


def test_ranks_follow_the_votes_of_the_configurations(runs: tuple[Run, Run]) -> None:
    a, b = runs
    p, q, r = (f.SpectrumFactory(template=True) for _ in range(3))
    unchanged, second, gone, other = (f.SpectrumFactory() for _ in range(4))
    for spectrum, in_a, in_b in (
        (unchanged, (p, p, q), (p, q, p)),
        (second, (p, p, q), (q, q, p)),
        (gone, (p, q, r), (q, r, r)),  # of equals, that of the earlier configuration
        (other, (p, p, p), (q, q, q)),  # no candidate: not counted
    ):
        searched(a, spectrum, *in_a)
        searched(b, spectrum, *in_b)
        if spectrum is not other:
            f.CandidateFactory(run=a, spectrum=spectrum)
    assert [(one.rank, one.count) for one in rank_shifts(a, b)] == [(1, 1), (2, 1), (None, 1)]
    assert [(one.label, one.count, one.same) for one in shared_configurations(a, b)] == [
        ("2:25:100", 3, 1),
        ("2:25:101", 3, 0),
        ("2:25:102", 3, 1),
    ]


def test_agreement_with_the_truth(runs: tuple[Run, Run]) -> None:
    a, b = runs
    template = f.SpectrumFactory(template=True)
    for z, fluxes in ((0.1, {"ha": 1.0}), (0.1, {"ha": 1.0}), (0.3, {"ha": 1.0}), (0.1, {})):
        truth = f.TruthFactory(z=z, line_fluxes=fluxes)
        searched(a, truth.spectrum, template)
        f.CandidateFactory(run=a, spectrum=truth.spectrum, z_cl=0.1005)
    f.CandidateFactory(run=a)  # observed: nobody knows
    [found] = against_truth([a, b])
    assert (found.run, found.known, found.found, found.judged, found.wrong) == (a, 3, 2, 4, 2)
    assert found.completeness == pytest.approx(200 / 3)
    assert found.purity == pytest.approx(50)


def test_agreement_with_a_catalogue_counts_what_it_keeps(runs: tuple[Run, Run]) -> None:
    a, b = runs
    kept = [f.CandidateFactory(run=a, nebula=True) for _ in range(3)]
    catalogue = catalogue_publish(run=a, uninspected=True)
    f.CandidateFactory(run=b, spectrum=kept[0].spectrum, z_cl=0.0005)
    f.CandidateFactory(run=b, spectrum=kept[1].spectrum, z_cl=0.2)
    f.CandidateFactory(run=b)
    own, other = against_catalogue([a, b], catalogue)
    assert (own.known, own.found, own.wrong) == (3, 3, 0)
    assert (other.known, other.found, other.judged, other.wrong) == (3, 1, 3, 2)


def test_settings_that_differ_are_named_with_both_values() -> None:
    same = {"metric": "l2_sum", "detection": {"window": 10.0, "quantile": 0.9}}
    a = f.RunFactory(**same, seed=1, template_selection={"role": ["template"], "z_max": ["0.1"]})
    b = f.RunFactory(**same, seed=1, z_tolerance=0.002, template_selection={"role": ["template"]})
    f.CodebookFactory(run=b, segments=50, centers=200)
    found = differences(*(run_settings(run, configuration_labels(run)) for run in (a, b)))
    assert [tuple(one) for one in found] == [
        ("Configurations", "", "2:50:200"),
        ("Templates", "role: template; z max: 0.1", "role: template"),
        ("Redshift tolerance", "0.001", "0.002"),
    ]
