"""A run on real spectra, from the command line to the CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.models import Candidate, Spectrum
from tasks import following
from tests.real.data import is_f_star, manifest, survey_data

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


def role(row: dict[str, str]) -> str:
    """SDSS's galaxies are the templates; LAMOST's galaxies, F stars and Unknown spectra are searched."""
    if row["survey"] == "SDSS":
        return "template" if row["cls"] == "GALAXY" else "other"
    return "unknown" if is_f_star(row) or row["cls"] in ("GALAXY", "Unknown") else "other"


def command(*arguments: str | Path) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_from_the_command_line_to_the_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", following.PATIENCE * 0)  # no worker is there to wait for
    rows = manifest()
    roles = tmp_path / "roles.csv"
    roles.write_text("file,role\n" + "".join(f"{row['file']},{role(row)}\n" for row in rows))
    command("import_spectra", survey_data() / "spectra", "--manifest", roles)
    run = json.loads(
        command("run_retrieval", "--configurations", "2:25:40,2:50:50", "--wait", "--json").splitlines()[-1]
    )
    wanted = [role(row) for row in rows]
    assert run["status"] == "succeeded"
    assert (run["templates"], run["queries"]) == (wanted.count("template"), wanted.count("unknown"))
    assert run["neighbours"] == 2 * run["queries"]

    table = tmp_path / "candidates.csv"
    command("export", "candidates", "--format", "csv", "-o", table)
    with table.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == run["candidates"] == Candidate.objects.count()
    assert all(abs(float(row["z_CL"]) - float(row["z_RT"])) <= 0.001 for row in found)
    stars = Spectrum.objects.filter(role="unknown", subclass__startswith="F")
    false = stars.filter(name__in=[row["file_LAMOST"] for row in found]).count()
    print(f"{run['queries']} queries, {run['line_redshifts']} line redshifts, {len(found)} candidates")
    print(f"F stars confirmed: {false} of {stars.count()}")
    assert false <= 0.02 * stars.count()
