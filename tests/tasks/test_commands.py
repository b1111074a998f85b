"""The commands, with and without a worker."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Neighbour, Run, Spectrum
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from tasks import following
from tasks.management.commands import load_demo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, broker: Any) -> None:
    """No worker is there, so do not wait for one."""
    monkeypatch.setattr(following, "PATIENCE", following.PATIENCE * 0)


def call(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_run_retrieval_waits_and_prints_one_object_last(survey: None) -> None:
    out = call("run_retrieval", "--configurations", "2:25:8,2:50:10", "--seed", "4", "--wait", "--json")
    printed = json.loads(out.splitlines()[-1])
    run = Run.objects.get(pk=printed["run"])
    assert printed["status"] == "succeeded"
    assert (printed["queries"], printed["templates"]) == (37, 45)
    assert printed["neighbours"] == 2 * 37 == Neighbour.objects.count()
    assert printed["candidates"] == run.n_candidates > 0
    assert printed["neighbours_sha256"] == run.neighbours_sha256
    assert len(run.neighbours_sha256) == 64
    assert printed["seconds"] > 0
    assert run.seed == 4


def test_run_retrieval_takes_selections_as_the_pages_write_them(survey: None) -> None:
    release = Spectrum.objects.first().release.slug
    out = call(
        "run_retrieval", "--configurations", "2:25:8", "--json",
        "--templates", f"role=template&release={release}&z_max=0.1", "--queries", "cls=Unknown&snr_r_min=3",
    )  # fmt: skip
    run = Run.objects.get(pk=json.loads(out)["run"])
    assert run.template_selection == {"release": [release], "role": ["template"], "z_max": ["0.1"]}
    assert run.query_selection == {"cls": ["Unknown"], "snr_r_min": ["3"]}
    assert run.job.state == "queued"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--configurations", "2:25"], "'2:25' is not a configuration"),
        (["--configurations", "2:25:4000"], "there are 45"),
        (["--configurations", "2:25:8", "--queries", "role=template"], "45 spectra are both"),
    ],
)
def test_run_retrieval_says_what_is_wrong(survey: None, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call("run_retrieval", *arguments)


def test_the_demonstration_is_loaded_once(
    db: None, survey_folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(survey_folder, data_dir / "demo")
    monkeypatch.setattr(load_demo, "PAPER_CONFIGURATIONS", (Configuration(2, 25, 8), *PAPER_CONFIGURATIONS))
    assert "searched 37 simulated spectra against 45 templates" in call("load_demo")
    assert "The demonstration is there" in call("load_demo")
    run = Run.objects.get()
    assert [codebook.label for codebook in run.codebooks.all()] == ["2:25:8"]
    assert run.query_selection["release"] == [Spectrum.objects.first().release.slug]


def test_the_demonstration_takes_configurations_that_its_templates_bear() -> None:
    labels = [str(c) for c in load_demo.fitting(400)]
    assert labels == ["2:25:100", "2:50:200", "1:50:200"]
