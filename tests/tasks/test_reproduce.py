"""The report on a demonstration run: its numbers are those that the run's own rows give."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.models import Truth
from catalog.reproduction.numbers import Counted, our_numbers
from tests.tasks.conftest import COUNTS, launch, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("survey", "data_dir")]


def test_the_report_on_a_demonstration_run(tmp_path: Path) -> None:
    run = launch()
    assert work_off(run.job).state == "succeeded"
    run.refresh_from_db()
    ours = {key: number.value for key, number in our_numbers(counted=Counted(run=run)).items()}
    assert (ours["queries"], ours["templates"]) == (
        sum(COUNTS.unknowns.values()),
        sum(COUNTS.templates.values()),
    )
    assert ours["confirmed"] == ours["nebulae"] + ours["galaxies"] == run.n_candidates > 10
    assert ours["table_2"] + ours["unclear"] == ours["nebulae"]
    assert ours["wise_regions"] == 5
    true_inside = Truth.objects.exclude(region="").filter(spectrum__candidates__run=run).count()
    assert ours["inside"] == true_inside > 0
    classes = sum(ours[f"bpt_text_{name}"] for name in ("star-forming", "composite", "LINER", "Seyfert"))
    assert classes + ours["unclassified"] == ours["galaxies"]
    call_command("reproduce", output=tmp_path)
    text = (tmp_path / "reproduction.md").read_text()
    assert "simulated: no telescope took it" in text
    assert f"| 16,188 | ≠ {run.n_candidates} |" in text
    assert "The region is as printed." in text
