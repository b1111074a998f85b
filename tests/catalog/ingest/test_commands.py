"""The operator's commands, from a simulated survey to spectra with their truth."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.ingest import spectra_import
from catalog.models import HIIRegion, ImportBatch, Refusal, Spectrum, Truth
from catalog.regions import PAPER_VERSION
from tests.catalog.ingest.made import spectrum, write, zipped
from tests.catalog.ingest.test_catalogue import ROWS, csv_text
from tests.factories import CandidateFactory

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("survey") / "sim"
    assert "12 simulated spectra, 4 templates and 8 unknowns" in run(
        "simulate_survey", folder, "--seed", 5, "--templates", 4, "--unknowns", 8
    )
    return folder


def test_a_simulated_survey_comes_in_with_its_truth(survey: Path):
    summary = json.loads(run("import_spectra", survey, "--json").splitlines()[-1])
    assert (summary["files"], summary["imported"], summary["refused"]) == (12, 12, 0)
    assert summary["roles"] == {"template": 4, "unknown": 8}
    assert summary["releases"] == {"simulated-lamost-survey": 12}
    assert Truth.objects.count() == 12
    for one in Spectrum.objects.select_related("truth", "release"):
        assert one.release.simulated
        assert one.flux_unit == "relative"
        if one.role == "template":
            assert one.truth.z == pytest.approx(one.z, abs=1e-3)
        if one.truth.kind in ("noise", "F star"):
            assert one.truth.line_fluxes == {}
        else:
            assert one.truth.line_fluxes["ha"] > 0


def test_an_archive_of_it_too(survey: Path, tmp_path: Path):
    files = {
        path.relative_to(survey).as_posix(): path.read_bytes() for path in survey.rglob("*") if path.is_file()
    }
    batch = spectra_import(paths=[zipped(tmp_path / "sim.zip", files)])
    assert (batch.imported, batch.refused, Truth.objects.count()) == (12, 0, 12)


def test_truth_is_not_given_to_observed_spectra(tmp_path: Path, survey: Path):
    name = next(survey.glob("spectra/*.fits")).name
    write(tmp_path, {name: spectrum(0), "truth.ecsv": (survey / "truth.ecsv").read_bytes()})
    spectra_import(paths=[tmp_path])
    assert Spectrum.objects.count() == 1
    assert not Truth.objects.exists()


@pytest.mark.parametrize("content", [b"file,z\na,1\n", b"\xff\xfe", b"# %ECSV 1.0\n# ---\nfile\n"])
def test_a_truth_that_cannot_be_read_is_refused(tmp_path: Path, content):
    batch = spectra_import(paths=[write(tmp_path, {"truth.ecsv": content, "a.fits": spectrum(0)})])
    assert (batch.imported, batch.refused) == (1, 1)
    assert Refusal.objects.get().reason == "truth-unreadable"


def test_the_summary_in_words(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0), "b.fits": b"junk", "m.csv": b"file,role\na.fits,unknown\n"})
    text = run("import_spectra", tmp_path, "--manifest", tmp_path / "m.csv")
    assert "2 files; 1 imported, 0 attached, 0 held already, 1 refused." in text
    assert "by role: unknown 1" in text
    assert "refused for: not-fits 1" in text


@pytest.mark.parametrize(
    ("manifest", "message"),
    [(b"name\na\n", "no column"), (b"file,role\na.fits,star\n", "line 2: “star” is no role")],
)
def test_a_manifest_that_cannot_be_followed(tmp_path: Path, manifest, message):
    write(tmp_path, {"a.fits": spectrum(0), "m.csv": manifest})
    with pytest.raises(CommandError, match=message):
        run("import_spectra", tmp_path, "--manifest", tmp_path / "m.csv")
    assert not Spectrum.objects.exists()


def test_errors_are_one_line(tmp_path: Path):
    with pytest.raises(CommandError, match="there is no file"):
        run("import_spectra", tmp_path / "missing")
    with pytest.raises(CommandError, match="cannot name a release"):
        run("import_spectra", write(tmp_path, {"a.fits": spectrum(0)}), "--release", "No Slug")
    assert not ImportBatch.objects.exists()
    with pytest.raises(CommandError, match="No such file"):
        run("import_catalogue", tmp_path / "dr7.csv")
    with pytest.raises(CommandError, match="not empty"):
        run("simulate_survey", write(tmp_path, {"spectra/a": b""}), "--templates", 1, "--unknowns", 1)


def test_import_catalogue(tmp_path: Path):
    write(tmp_path, {"c.csv": csv_text(ROWS)})
    summary = json.loads(run("import_catalogue", tmp_path / "c.csv", "--release", "lamost-dr5", "--json"))
    assert (summary["imported"], summary["releases"]) == (2, {"lamost-dr5": 2})


def test_import_regions(tmp_path: Path):
    assert "5 regions held" in run("import_regions", "--paper")
    assert set(HIIRegion.objects.values_list("version", flat=True)) == {PAPER_VERSION}
    write(tmp_path, {"w.csv": b"WISE Name,Catalog,GLong,GLat,Radius\nG1,K,1,1,60\n"})
    assert "V9: 1 regions held" in run("import_regions", tmp_path / "w.csv", "--version", "V9")
    with pytest.raises(CommandError, match="Which version of the catalogue is w"):
        run("import_regions", tmp_path / "w.csv")
    (tmp_path / "w.csv").rename(tmp_path / "wise_v2.10.csv")
    assert "V2.10: 1 regions held" in run("import_regions", tmp_path / "wise_v2.10.csv")
    write(tmp_path, {"wise_v2.10.csv": b"WISE Name,Catalog,GLong,GLat,Radius\nG2,K,1,1,60\n"})
    with pytest.raises(CommandError, match=r"lacks 1 \(G1\) and changes none"):
        run("import_regions", tmp_path / "wise_v2.10.csv")
    told = run("import_regions", tmp_path / "wise_v2.10.csv", "--replace")
    assert "V2.10: 1 regions held, 1 added, 0 changed, 1 removed" in told
    candidate = CandidateFactory(
        run__region_version="V2.10", nebula=True, spectrum__glon=2.0, spectrum__glat=2.0
    )
    write(tmp_path, {"wise_v2.10.csv": b"WISE Name,Catalog,GLong,GLat,Radius\nG2,K,1,1,60\nG3,K,2,2,60\n"})
    told = run("import_regions", tmp_path / "wise_v2.10.csv")
    assert f"Run {candidate.run_id} keeps to this version: 1 of its candidates are matched anew." in told


def test_the_same_mix_in_any_number(tmp_path: Path):
    run("simulate_survey", tmp_path, "--templates", 0, "--unknowns", 3)
    assert len(list((tmp_path / "spectra").iterdir())) == 3
