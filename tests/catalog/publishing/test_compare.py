"""Two catalogues: gained, lost, changed, and why."""

from __future__ import annotations

from django.utils import timezone

from catalog.counterparts.storing import answers_store
from catalog.models import Candidate, Counterpart, CounterpartLookup, Run
from catalog.publishing.compare import catalogue_compare
from catalog.publishing.services import catalogue_publish
from tests import factories as f

from .conftest import STATE, candidate


def told(differences: tuple) -> dict[str, str]:
    return {one.key.file: one.why for one in differences}


def test_the_same_twice(run: Run) -> None:
    one, two = catalogue_publish(run=run), catalogue_publish(run=run)
    assert one.sha256 == two.sha256
    assert [(table.differences, table.same) for table in catalogue_compare(before=one, after=two)] == [
        ((), 3),
        ((), 2),
    ]


def test_gained_lost_changed(run: Run) -> None:
    before = catalogue_publish(run=run)
    of = Candidate.objects.filter
    of(spectrum__name="spec-rejected").update(inspection_state=STATE.KEPT)
    of(spectrum__name="spec-new").update(inspection_state=STATE.REJECTED)
    of(spectrum__name__contains="nowhere").update(withdrawn_at=timezone.now(), withdrawn_reason="No sky.")
    known = of(spectrum__name="spec-known")
    known.update(bpt_class="LINER", z_cl=0.2000001)
    Counterpart.objects.all().delete()
    CounterpartLookup.objects.update(outcome="no-match")
    answers_store(sources=CounterpartLookup.objects.values_list("source", flat=True))
    of(spectrum__name="spec-unclear").update(new_found=True)
    of(spectrum__name="spec-outside").update(new_found=None)
    candidate(run, "spec-late", nebula=True)
    after = catalogue_publish(run=run)

    galaxies, nebulae = catalogue_compare(before=before, after=after)
    assert told(galaxies.gained) == {"spec-rejected": "vote: rejected in catalogue 1"}
    assert told(galaxies.lost) == {
        "spec-new": "vote: rejected in catalogue 2",
        'spec-"nowhere", é': "withdrawn in catalogue 2: No sky.",
    }
    changed = {one.column.name: (one.before, one.after, one.why) for one in galaxies.changed}
    assert changed == {
        "newG": (False, True, "counterpart"),
        "SDSS_id": ("1237648720693755918", "", "counterpart"),
        "SDSS_type": ("G", "", "counterpart"),
        "SDSS_z": (0.1, None, "counterpart"),
        "class_our": ("star-forming", "LINER", "class"),
        "z_our": (0.2, 0.2000001, "redshift"),
    }
    assert galaxies.same == 0
    assert told(nebulae.gained) == {
        "spec-late": f"run: no candidate of run {run.pk}, which is catalogue 1's",
        "spec-unclear": "region: in no region and unclear in catalogue 1",
    }
    assert told(nebulae.lost) == {"spec-outside": "region: in no region and unclear in catalogue 2"}


def test_another_run(run: Run) -> None:
    before = catalogue_publish(run=run)
    other = f.RunFactory()
    spectrum = Candidate.objects.get(spectrum__name="spec-new").spectrum
    moved = f.CandidateFactory(run=other, spectrum=spectrum, nebula=True, inspection_state=STATE.KEPT)
    f.VoteFactory(candidate=moved)
    after = catalogue_publish(run=other)
    galaxies, nebulae = catalogue_compare(before=before, after=after)
    assert told(galaxies.lost)["spec-new"] == "redshift: nebula in catalogue 2"
    assert told(nebulae.gained) == {"spec-new": "redshift: emission-line galaxy in catalogue 1"}


def test_namesakes_of_two_releases_are_two(run: Run) -> None:
    before = catalogue_publish(run=run)
    release = f.ReleaseFactory(slug="other", name="Another release")
    candidate(run, "spec-new", spectrum__release=release)
    galaxies, _ = catalogue_compare(before=before, after=catalogue_publish(run=run))
    assert [one.key for one in galaxies.gained] == [("Another release", "spec-new")]
