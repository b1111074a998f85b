"""The paper's numbers beside ours: each key is counted, and counts what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Candidate, Run
from catalog.reproduction import paper
from catalog.reproduction.numbers import Counted, our_numbers
from catalog.reproduction.report import Report, reproduce
from tests import factories as f

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, tzinfo=UTC)
STATEMENTS = [statement for group in paper.GROUPS for statement in group.statements]


def values(run: Run, **kwargs: Any) -> dict[str, Any]:
    return {key: ours.value for key, ours in our_numbers(counted=Counted(run=run, **kwargs)).items()}


def galaxy(run: Run, *services: str, **kwargs: Any) -> Candidate:
    """A galaxy that the named services hold, and of which the other two of the three know nothing."""
    candidate = f.CandidateFactory(run=run, **kwargs)
    for service in ("simbad", "sdss", "ned"):
        lookup = f.CounterpartLookupFactory(
            source=candidate.spectrum.source,
            service=service,
            outcome="matched" if service in services else "no-match",
        )
        if service in services:
            f.CounterpartFactory(lookup=lookup, z=candidate.z_cl + 0.001, object_type="G")
    return candidate


def nebula(run: Run, catalog: str = "", passes: bool = True, **kwargs: Any) -> Candidate:
    region = f.HIIRegionFactory(catalog=catalog) if catalog else None
    new = False if region else (True if passes else None)
    state = "H II-like" if passes else "PN-like"
    return f.CandidateFactory(
        run=run, nebula=True, region=region, new_found=new, nebula_state=state, **kwargs
    )


def test_every_statement_of_the_paper_has_a_number_of_ours() -> None:
    keys = [statement.key for statement in STATEMENTS]
    assert len(set(keys)) == len(keys)
    assert set(values(f.RunFactory())) == set(keys)


def test_the_papers_own_sums_hold() -> None:
    """Its contradictions are elsewhere: a slip in copying a number would show here."""
    theirs = {statement.key: statement.value for statement in STATEMENTS}
    for one in paper.SUMS:
        assert sum(theirs[key] for key in one.parts) == theirs[one.whole], one


def test_nebulae() -> None:
    run = f.RunFactory()
    first = nebula(run, "K", passes=False)
    nebula(run, "K", velocity_kms=160.0)
    f.CandidateFactory(run=run, nebula=True, region=first.region, new_found=False, nebula_state="PN-like")
    nebula(run, "G")
    nebula(run, "Q", passes=False)
    nebula(run)
    nebula(run)
    nebula(run, passes=False)
    galaxy(run)
    expected = {
        "nebulae": 8, "galaxies": 1, "inside": 5, "regions": 4, "known_regions": 2, "known_inside": 3,
        "new_regions": 2, "new_inside": 2, "proven_regions": 1, "proven_inside": 1, "slow": "4 of 5",
        "passing": 4, "passing_inside": 2, "passing_outside": 2, "table_2": 7, "unclear": 1,
    }  # fmt: skip
    found = values(run)
    assert {key: found[key] for key in expected} == expected


def test_galaxies_and_their_counterparts() -> None:
    run = f.RunFactory()
    both = galaxy(run, "simbad", "sdss")
    galaxy(run, "sdss", "ned", bpt_class="LINER")
    galaxy(run, "ned", bpt_class="Seyfert")
    galaxy(run, bpt_class="unclassified")
    f.CandidateFactory(run=run, bpt_class="composite")
    f.CandidateFactory(
        run=run, spectrum=f.SpectrumFactory(source=both.spectrum.source), bpt_class="composite"
    )
    expected = {
        "cds": 2, "sdss": 3, "either": 3, "either_sources": 2, "ned": 1, "ned_sources": 1, "none": 1,
        "none_sources": 1, "known": 4, "known_sources": 3, "galaxy_sources": 5, "undecided": 1,
        "bpt_text_star-forming": 1, "bpt_text_composite": 2, "bpt_caption_LINER": 1, "bpt_text_Seyfert": 1,
        "unclassified": 1, "table_3": 6, "types_sdss": "G 3", "z_ned": "2; 0.00100",
    }  # fmt: skip
    found = values(run)
    assert {key: found[key] for key in expected} == expected


def test_a_failed_lookup_makes_nothing_new_or_known() -> None:
    run = f.RunFactory()
    candidate = f.CandidateFactory(run=run)
    for service in ("simbad", "sdss", "ned"):
        f.CounterpartLookupFactory(source=candidate.spectrum.source, service=service, outcome="failed")
    found = our_numbers(counted=Counted(run=run))
    assert found["none"].value is None
    assert "No service has answered" in found["none"].note


def test_after_inspection_only_what_was_kept_is_counted_and_never_what_was_withdrawn() -> None:
    run = f.RunFactory()
    f.CandidateFactory(run=run, inspection_state="kept")
    f.CandidateFactory(run=run, inspection_state="rejected")
    f.CandidateFactory(run=run)
    f.CandidateFactory(run=run, inspection_state="kept", withdrawn_at=NOW)
    found = values(run)
    assert (found["confirmed"], found["kept"], found["galaxies"]) == (3, 1, 1)
    assert values(f.CandidateFactory().run)["kept"] is None


def test_one_release_within_a_run() -> None:
    run = f.RunFactory(n_queries=3)
    spectra = [f.SpectrumFactory(release__slug=slug) for slug in ("here", "here", "there")]
    f.SpectrumBlockFactory(run=run, part="queries", ids=[spectrum.pk for spectrum in spectra])
    for spectrum in spectra:
        f.CandidateFactory(run=run, spectrum=spectrum)
        f.LineRedshiftFactory(run=run, spectrum=spectrum)
    found = values(run, release=spectra[2].release)
    assert [found[key] for key in ("queries", "line_redshifts", "confirmed", "galaxies")] == [1, 1, 1, 1]
    assert values(run)["queries"] == 3


def test_the_wise_catalogue_of_the_run() -> None:
    for catalog, glon in (("K", 10.0), ("Q", 10.1), ("Q", 200.0)):
        f.HIIRegionFactory(version="V2.2", catalog=catalog, glon=glon, radius_arcsec=1000.0)
    f.HIIRegionFactory(version="V2.1")
    found = values(f.RunFactory(region_version="V2.2"))
    assert [found[f"wise_{key}"] for key in ("regions", "K", "G", "Q", "nested", "radii")] == [
        *(3, 1, 0, 2, 2),
        "1000 to 1000",
    ]


def test_configurations_of_the_paper_that_were_not_run_are_named() -> None:
    run = f.RunFactory()
    f.CodebookFactory(run=run, step=2, segments=25, centers=100)
    f.CodebookFactory(run=run, step=2, segments=5, centers=3)
    ours = our_numbers(counted=Counted(run=run))["configurations"]
    assert ours.value == 1
    assert "Not run: 2:50:200," in ours.note
    assert "Besides: 2:5:3." in ours.note


def report(run: Run) -> Report:
    return reproduce(run=run, release=None, date=NOW)


def test_the_report_says_what_the_data_are_and_where_the_paper_contradicts_itself() -> None:
    spectrum = f.SpectrumFactory(release__slug="sim", release__name="Made up", release__simulated=True)
    run = f.RunFactory(region_version="V2.2")
    f.SpectrumBlockFactory(run=run, part="queries", ids=[spectrum.pk])
    f.VoteFactory(
        candidate=f.CandidateFactory(run=run, spectrum=spectrum, inspection_state="kept"),
        inspector=f.InspectorFactory(simulated=True, miss_rate=0.1, false_rate=0.1),
    )
    made = report(run)
    for text in (made.markdown(), made.html()):
        for words in (
            "492,938", "Made up (simulated: no telescope took it)", "here V2.2", "simulated inspectors",
            "3,503 star-forming", "797 stands for two things", "985 + 797 = 1,782",
        ):  # fmt: skip
            assert words in text, words


def test_our_sums_hold_with_what_the_paper_does_not_have() -> None:
    """Galaxies without a class, and those of which it is not known yet whether they are new."""
    run = f.RunFactory()
    galaxy(run, "simbad")
    galaxy(run, bpt_class="unclassified")
    f.CandidateFactory(run=run, bpt_class="LINER")
    sums = {equation.words: equation.ours for equation in report(run).equations}
    assert [words for words, ours in sums.items() if "≠" in ours] == []
    assert sums["galaxies: four classes, by the text; here also none"] == "1 + 0 + 1 + 0 + 1 = 3"
    assert sums["sources of galaxies: known and new; here also not known yet"] == "1 + 1 + 1 = 3"


def test_a_printed_row_is_held_against_ours() -> None:
    printed = paper.PRINTED_ROWS[0]
    run = f.RunFactory(region_version="V2.2")
    region = f.HIIRegionFactory(name=printed.region, glon=printed.glon, glat=-1.7, catalog="K")
    f.CandidateFactory(
        run=run, nebula=True, spectrum=f.SpectrumFactory(name=printed.file), region=region, new_found=False
    )
    rows = report(run).sections[-1].lines
    assert len(rows) == len(paper.PRINTED_ROWS)
    assert rows[0].ours == f"{printed.region}, K, -0.400, -0.300, not new"
    assert rows[0].note == (
        "The region is printed as K 173.588 -1.606, 1298 arcsec; here K 173.588 -1.7, 1298 arcsec."
    )
    assert rows[1].note.endswith("is not in the catalogue in use.")


def test_numbers_that_differ_are_marked_and_those_without_a_number_are_not() -> None:
    run = f.RunFactory(n_queries=492_938, n_templates=3)
    queries, templates = report(run).sections[0].lines
    assert not queries.apart
    assert templates.apart
    marked = [line for section in report(run).sections for line in section.lines if line.apart]
    assert all(line.ours != line.paper for line in marked)


def test_names_do_not_break_the_files() -> None:
    run = f.RunFactory()
    spectrum = f.SpectrumFactory(release__slug="odd", release__name="<b>A|B</b>", object_type="x|<i>")
    f.SpectrumBlockFactory(run=run, part="queries", ids=[spectrum.pk])
    f.CandidateFactory(run=run, spectrum=spectrum)
    assert "<b>" not in report(run).html()
    assert "&lt;i&gt;" in report(run).html()
    assert "x\\|<i> 1" in report(run).markdown()


def test_the_command_writes_both_files_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No run is complete"):
        call_command("reproduce", output=tmp_path)
    run = f.RunFactory()
    call_command("reproduce", run=str(run.pk), output=tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"reproduction.html", "reproduction.md"}
    with pytest.raises(CommandError, match="no complete run 999999"):
        call_command("reproduce", run="999999", output=tmp_path)
    f.ReleaseFactory(slug="dr7")
    with pytest.raises(CommandError, match="held are: dr7"):
        call_command("reproduce", release="dr8", output=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="Cannot write into"):
        call_command("reproduce", output=tmp_path / "file")
