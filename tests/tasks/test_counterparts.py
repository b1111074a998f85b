"""The job that looks counterparts up, against played services and snapshots, with planted faults."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from astropy.table import Table
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.counterparts.demo import demo_snapshots
from catalog.counterparts.loading import snapshot_load
from catalog.counterparts.storing import answers_store
from catalog.models import Candidate, CounterpartLookup, Outage, Run, Snapshot
from catalog.tables import GALAXIES, LOOKUPS
from tasks.models import Job
from tasks.services import counterparts_launch, job_cancel, job_retry
from tests import factories as f
from tests.catalog.counterparts.server import FAULTS, Sky

from .conftest import work_off

THREE = ("simbad", "sdss", "ned")


def place(service: str, number: int, ra: float, dec: float) -> dict[str, Any]:
    """An object as the played service holds it."""
    return {
        "simbad": {
            "main_id": f"S {number}", "ra": ra, "dec": dec, "otype": "G", "rvz_redshift": 0.1,
            "galdim_majaxis": None,
        },
        "sdss": {"id": 1237653651835781244 + number, "ra": ra, "dec": dec, "type": 3, "radius": 2.0},
        "ned": {"prefname": f"N {number}", "ra": ra, "dec": dec, "prefphytype": "G", "z": 0.1, "zunc": 1e-4},
    }[service]  # fmt: skip


def plant(sky: Sky, galaxies: list[Candidate], seed: int) -> set[int]:
    """Plant each galaxy in some of the three; returns the ids of those planted in none, the truly new."""
    rng, new = random.Random(seed), set()
    for service in THREE:
        sky[service].objects.clear()
    for number, galaxy in enumerate(galaxies):
        where = [service for service in THREE if rng.random() < 0.4]
        for service in where:
            dec = galaxy.spectrum.dec + rng.uniform(-2.5, 2.5) / 3600
            sky[service].objects.append(place(service, number, galaxy.spectrum.ra, dec))
        if not where:
            new.add(galaxy.pk)
    sky["xmatch"].objects = [
        {"main_id": o["main_id"], "ra": o["ra"], "dec": o["dec"], "main_type": "G", "redshift": 0.1}
        for o in sky["simbad"].objects
    ]
    return new


def called_new(run: Run) -> set[int]:
    return set(GALAXIES.rows(run).filter(new_galaxy=True).values_list("pk", flat=True))


@pytest.fixture
def run(db: None) -> Run:
    run = f.RunFactory()
    f.CandidateFactory.create_batch(23, run=run)
    f.CandidateFactory.create_batch(2, run=run, nebula=True)
    return run


def galaxies(run: Run) -> list[Candidate]:
    return list(
        Candidate.objects.filter(run=run, kind="galaxy").select_related("spectrum__source").order_by("pk")
    )


def test_it_finds_exactly_what_was_planted(sky: Sky, run: Run) -> None:
    new = plant(sky, galaxies(run), 1)
    job = work_off(counterparts_launch(run=run, services=THREE))
    assert job.state == "succeeded", job.error
    assert called_new(run) == new
    assert 0 < len(new) < 23
    assert CounterpartLookup.objects.count() == 3 * 23, "nebulae are not asked about"
    assert job.chunks.filter(stage="ask").count() == 3 * 5
    assert sum(chunk.work for chunk in job.chunks.filter(stage="ask")) == 3 * 23
    log = " ".join(job.log.values_list("message", flat=True))
    assert "SIMBAD:" in log
    assert "of 23 sources matched" in log
    asked = len(sky["simbad"].asked)
    work_off(counterparts_launch(run=run, services=THREE))
    assert len(sky["simbad"].asked) == asked, "what is answered is not asked again"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32), faults=st.lists(st.sampled_from((*FAULTS, "", "")), min_size=10, max_size=30)
)
def test_no_fault_ever_makes_a_discovery(sky: Sky, run: Run, seed: int, faults: list[str]) -> None:
    """Whatever fails, in whatever order: nothing is called new that is not; in the end all is answered."""
    CounterpartLookup.objects.all().delete()
    answers_store(sources=[galaxy.spectrum.source_id for galaxy in galaxies(run)])
    Outage.objects.all().delete()
    new = plant(sky, galaxies(run), seed)
    quick = [fault for fault in faults if fault not in ("hang", "trickle")]
    rng = random.Random(seed)
    for service in (*THREE, "xmatch"):
        sky[service].faults = rng.sample(quick, len(quick))
    for _ in range(3):
        job = work_off(counterparts_launch(run=run, services=THREE))
        assert job.state == "succeeded", job.error
        assert called_new(run) <= new
        Outage.objects.all().delete()
    for service in (*THREE, "xmatch"):
        sky[service].faults = []
    work_off(counterparts_launch(run=run, services=THREE))
    assert called_new(run) == new
    assert not LOOKUPS.rows(run).exists()


def test_a_service_away_leaves_its_sources_waiting(sky: Sky, run: Run, client: Client) -> None:
    plant(sky, galaxies(run), 2)
    sky["ned"].faults = ["503"] * 100
    job = work_off(counterparts_launch(run=run, services=THREE))
    assert job.state == "succeeded"
    assert not called_new(run)
    assert CounterpartLookup.objects.filter(service="ned", outcome="failed").count() == 23
    assert len(sky["ned"].asked) == 2, "two attempts; then it rests"
    assert job.log.filter(level="warning", message__contains="NED gave no answer").exists()
    page = client.get("/lookups/").content.decode()
    assert "ned-tap: 1 failure since" in page
    assert "it answered 503" in page


def test_cancelled_and_retried_it_asks_only_for_the_rest(sky: Sky, run: Run) -> None:
    new = plant(sky, galaxies(run), 3)
    job = counterparts_launch(run=run, services=THREE)
    work_off(job, until=lambda: job.chunks.filter(stage="ask", state="done").count() >= 4)
    job_cancel(job_id=job.pk)
    asked = len(sky["simbad"].asked)
    assert CounterpartLookup.objects.count() == 20
    job_retry(job_id=job.pk)
    assert work_off(job).state == "succeeded"
    assert len(sky["simbad"].asked) == asked + 1
    assert called_new(run) == new


def snapshot(folder: Path, service: str, objects: list[tuple[str, float, float]], **changes: Any) -> Snapshot:
    table = Table(rows=objects or [("far", 1.0, -80.0)], names=("name", "ra", "dec"))
    table["ra"].unit = table["dec"].unit = "deg"
    path = folder / f"{service}.ecsv"
    table.write(path, format="ascii.ecsv", overwrite=True)
    about = {"release": "2026-11", "dated": date(2026, 11, 1), "origin": "test", "coverage": None}
    return snapshot_load(path=path, service=service, **(about | changes))


def test_snapshots_alone_answer_offline(run: Run, tmp_path: Path) -> None:
    first, second = galaxies(run)[:2]
    with pytest.raises(ValidationError) as refused:
        counterparts_launch(run=run, services=THREE, snapshot_only=True)
    assert "No snapshot of SIMBAD is loaded that may answer about real sources" in refused.value.messages[0]
    snapshot(tmp_path, "simbad", [("S", first.spectrum.ra, first.spectrum.dec)])
    snapshot(tmp_path, "sdss", [])
    snapshot(tmp_path, "ned", [("N", second.spectrum.ra, second.spectrum.dec)])
    snapshot(tmp_path, "pn", [("P", first.spectrum.ra, first.spectrum.dec)])
    job = work_off(counterparts_launch(run=run, services=[*THREE, "pn"], snapshot_only=True))
    assert job.state == "succeeded", job.error
    assert len(called_new(run)) == 21
    assert CounterpartLookup.objects.filter(service="pn").count() == 25, "nebulae too"
    assert Candidate.objects.get(pk=first.pk).flags == 16
    assert set(CounterpartLookup.objects.values_list("provider", flat=True)) == {"snapshot"}


def test_simulated_snapshots_do_not_answer_about_real_sources(run: Run, tmp_path: Path) -> None:
    for service in THREE:
        snapshot(tmp_path, service, [], simulated=True)
    with pytest.raises(ValidationError, match="real sources"):
        counterparts_launch(run=run, services=THREE, snapshot_only=True)


def test_what_cannot_be_looked_up_is_refused_in_words(run: Run) -> None:
    unfinished = f.RunFactory(completed_at=None)
    for changes, words in (
        ({"run": unfinished}, "has not ended"),
        ({"services": []}, "at least one service"),
        ({"services": ["2mass"]}, "no service '2mass'"),
        ({"radius_arcsec": 0.5}, "small errors of position"),
        ({"radius_arcsec": 500}, "3 to 180"),
        ({"services": ["pn"]}, "No snapshot of planetary nebulae"),
    ):
        with pytest.raises(ValidationError, match=words):
            counterparts_launch(**({"run": run, "services": THREE} | changes))
    assert not Job.objects.filter(kind="counterparts").exists()


def test_the_demonstration_has_new_galaxies(db: None, tmp_path: Path) -> None:
    """From the truth of simulated spectra: most are known, some new, some outside of what SDSS covers."""
    run = f.RunFactory()
    release = f.ReleaseFactory(slug="sim", simulated=True)
    for number in range(80):
        dec = -7.0 if number % 4 == 0 else 22.0
        spectrum = f.SpectrumFactory(release=release, ra=100 + number / 2, dec=dec)
        f.TruthFactory(spectrum=spectrum, kind="star-forming", z=0.1)
        f.CandidateFactory(run=run, spectrum=spectrum)
    assert {s.service for s in demo_snapshots(folder=tmp_path)} >= {*THREE, "gaia", "snr"}
    assert demo_snapshots(folder=tmp_path) == []
    job = work_off(counterparts_launch(run=run, services=THREE, snapshot_only=True))
    assert job.state == "succeeded", job.error
    rows = GALAXIES.rows(run)
    assert 2 <= rows.filter(new_galaxy=True).count() <= 20
    assert rows.filter(new_galaxy=False).count() > 50
    assert rows.filter(new_galaxy=None, sdss_outcome="not-covered").exists()
    assert not rows.filter(new_galaxy=True, spectrum__dec__lt=10).exists()


def test_the_command(sky: Sky, run: Run, capsys: Any) -> None:
    new = plant(sky, galaxies(run), 4)
    call_command("lookup_counterparts", run=run.pk)
    out = capsys.readouterr().out
    assert "NED:" in out
    assert "0 failed, 0 not asked" in out
    assert called_new(run) == new
    with pytest.raises(CommandError, match="There is no run 99999"):
        call_command("lookup_counterparts", run=99999)
    with pytest.raises(CommandError, match="no service 'x'"):
        call_command("lookup_counterparts", run=run.pk, services="x")


# Pages


def test_the_admin_starts_it_and_its_page_shows_it(client: Client, run: Run) -> None:
    url = "/admin/tasks/job/counterparts/"
    assert client.get(url).status_code == 302
    client.force_login(f.UserFactory(is_staff=True))
    assert client.get(url).status_code == 403
    client.force_login(f.UserFactory(is_staff=True, is_superuser=True))
    page = client.get(url).content.decode()
    assert page.count('type="checkbox"') == 9
    refused = client.post(url, {"run": run.pk, "services": ["pn"], "radius_arcsec": 3}).content.decode()
    assert "No snapshot of planetary nebulae is loaded" in refused
    assert (
        "Ensure this value is greater"
        in client.post(url, {"run": run.pk, "services": ["simbad"], "radius_arcsec": 1}).content.decode()
    )
    done = client.post(url, {"run": run.pk, "services": ["simbad"], "radius_arcsec": 3})
    job = Job.objects.get(kind="counterparts")
    assert done["Location"] == f"/jobs/{job.pk}/"
    page = client.get(done["Location"]).content.decode()
    assert f"Look-up for run {run.pk}" in page
    assert "Ask the services" in page
    assert f"Look-up for run {run.pk}" in client.get("/admin/tasks/job/").content.decode()
    client.post(f"/jobs/{job.pk}/cancel")
    job.refresh_from_db()
    assert job.state == "cancelled"
