"""The simulated survey: the same for a seed, true to its truth, read back as written."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from retrieval.diagnose import bpt, nebula_test
from retrieval.lines import LINE
from retrieval.readers import read_spectrum
from retrieval.simulate import REGIONS, SurveyCounts, simulate, write_survey
from retrieval.simulate.objects import GALAXIES, KINDS, NEBULAE
from retrieval.simulate.regions import displaced, to_equatorial, to_galactic
from retrieval.simulate.survey import designation, simulate_one

FEW = SurveyCounts(templates=dict.fromkeys(KINDS[:7], 2), unknowns=dict.fromkeys(KINDS, 3))
SEED = 11


@pytest.fixture(scope="module")
def survey():
    counts = SurveyCounts(templates=dict.fromkeys(KINDS[:7], 8), unknowns=dict.fromkeys(KINDS, 30))
    return list(simulate(counts, SEED))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    calls = []
    summary = write_survey(folder, FEW, SEED, progress=lambda done, total: calls.append((done, total)))
    return folder, summary, calls


def of_kind(survey, *kinds):
    return [one for one in survey if one.truth.kind in kinds]


def test_a_seed_gives_the_same_bytes(written, tmp_path):
    folder, _, _ = written
    write_survey(tmp_path, FEW, SEED)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_another_seed_gives_another_survey():
    first, second = (simulate_one("Seyfert", "template", 0, seed).spectrum.flux for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_an_object_is_the_same_whatever_the_counts(survey):
    alone = simulate_one("LINER", "unknown", 17, SEED)
    twin = of_kind(survey, "LINER")[8 + 17]
    assert alone.truth == twin.truth
    assert alone.spectrum.header == twin.spectrum.header
    np.testing.assert_array_equal(alone.spectrum.flux, twin.spectrum.flux)


def test_every_file_is_read_back(written):
    folder, summary, calls = written
    table = Table.read(folder / "truth.ecsv")
    originals = list(simulate(FEW, SEED))
    assert summary.spectra == len(table) == len(originals) == FEW.total
    assert (summary.templates, summary.unknowns) == (14, 27)
    assert summary.bytes == sum(path.stat().st_size for path in (folder / "spectra").iterdir())
    assert calls == [(n, FEW.total) for n in range(1, FEW.total + 1)]
    layouts = Counter()
    for row, one in zip(table, originals, strict=True):
        read = read_spectrum(folder / row["file"])
        layouts[read.layout, str(row["file"]).endswith(".gz")] += 1
        np.testing.assert_array_equal(read.flux, one.spectrum.flux)
        np.testing.assert_array_equal(read.wavelength, one.spectrum.wavelength)
        assert read.name == one.spectrum.name
        assert read.header.simulated
        assert read.header.obsid == one.spectrum.header.obsid
        assert read.header.cls == ("GALAXY" if row["role"] == "template" else "Unknown")
        assert (read.header.z is None) == (row["role"] == "unknown")
    assert len(layouts) == 4  # both layouts, plain and gzipped


def test_the_folder_says_that_it_is_simulated_and_what_is_what(written):
    folder, _, _ = written
    assert "NOTHING HERE WAS OBSERVED" in (folder / "README.txt").read_text()
    lines = (folder / "manifest.csv").read_text().splitlines()
    assert lines[0] == "file,role"
    assert Counter(line.rpartition(",")[2] for line in lines[1:]) == {"template": 14, "unknown": 27}
    table = Table.read(folder / "truth.ecsv")
    assert str(table["flux_ha"].unit) == "Angstrom"
    assert str(table["velocity_kms"].unit) == "km / s"


def test_surveys_never_mix(written):
    folder, _, _ = written
    with pytest.raises(FileExistsError, match="not empty"):
        write_survey(folder, FEW, SEED)


@pytest.mark.parametrize("counts", [{"quasar": 3}, {"LINER": -1}])
def test_impossible_counts_are_named(counts):
    with pytest.raises(ValueError, match=r"quasar|negative"):
        SurveyCounts(templates=counts)


def test_names_and_identifiers_are_unique(survey):
    assert len({one.spectrum.name for one in survey}) == len(survey)
    assert len({one.spectrum.header.obsid for one in survey}) == len(survey)


def test_line_fluxes_are_recovered_by_direct_integration(survey):
    """Bright, lone lines on the smooth continua of nebulae, over the noise's and the continuum's errors."""
    checked = 0
    for one in of_kind(survey, *NEBULAE):
        spectrum, truth = one.spectrum, one.truth
        for key in ("hb", "oiii_5008"):
            centre = LINE[key].wavelength * (1 + truth.z)
            line = np.abs(spectrum.wavelength - centre) < 9
            beside = (np.abs(spectrum.wavelength - centre) > 14) & (np.abs(spectrum.wavelength - centre) < 40)
            if not (spectrum.ivar[line | beside] > 0).all():
                continue
            width = np.gradient(spectrum.wavelength)
            level = np.median(spectrum.flux[beside])
            flux = ((spectrum.flux - level) * width)[line].sum()
            noise = np.sqrt((width[line] ** 2 / spectrum.ivar[line]).sum())
            error = noise * np.sqrt(1 + 1.6 * line.sum() / beside.sum())  # the median level has an error too
            if truth.fluxes[key] > 20 * error:
                assert abs(flux - truth.fluxes[key]) < 4 * error + 0.01 * truth.fluxes[key], spectrum.name
                checked += 1
    assert checked > 40


def test_the_bpt_class_is_that_of_the_fluxes(survey):
    for one in of_kind(survey, *GALAXIES):
        flux = one.truth.fluxes
        lines = ((flux[key], 1e-4 * flux[key]) for key in ("nii_6585", "ha", "oiii_5008", "hb"))
        assert bpt(*lines).cls == one.truth.bpt_class == one.truth.kind


def test_nebulae_lie_on_their_side_of_the_nebula_line(survey):
    for one in of_kind(survey, *NEBULAE):
        flux = one.truth.fluxes
        lines = ((flux[key], 1e-4 * flux[key]) for key in ("nii_6585", "ha", "sii_6718", "sii_6733"))
        state = "PN-like" if one.truth.kind == "planetary nebula" else "H II-like"
        assert nebula_test(*lines).state == state
        assert abs(one.truth.velocity_kms) <= 150


def test_positions_are_where_the_truth_says(survey):
    """Against astropy's Galactic frame and great circles."""
    places = SkyCoord(
        [(one.spectrum.header.ra, one.spectrum.header.dec) for one in survey], unit="deg"
    ).galactic
    held = np.zeros(len(survey), dtype=bool)
    for region in REGIONS:
        centre = SkyCoord(region.glon, region.glat, unit="deg", frame="galactic")
        inside = places.separation(centre).arcsec <= region.radius
        assert inside.tolist() == [one.truth.region == region.name for one in survey]
        held |= inside
    assert held.tolist() == [one.truth.kind == "H II region" for one in survey]
    regions = Counter(one.truth.region for one in of_kind(survey, "H II region"))
    assert set(regions) == {region.name for region in REGIONS}


def test_some_unknowns_are_second_visits(survey):
    unknowns = [one for one in survey if one.truth.role == "unknown"]
    visits = Counter(one.truth.source for one in unknowns)
    assert visits.most_common(1)[0][1] == 2
    twins = [one for one in unknowns if visits[one.truth.source] == 2]
    assert len(twins) == 2 * 3 * 7
    for first, second in zip(twins[::2], twins[1::2], strict=True):
        a, b = (
            SkyCoord(one.spectrum.header.ra, one.spectrum.header.dec, unit="deg") for one in (first, second)
        )
        assert 0 < a.separation(b).arcsec < 0.5
        assert first.truth.z == second.truth.z
        assert first.spectrum.header.lmjd != second.spectrum.header.lmjd
        assert not np.array_equal(first.spectrum.flux, second.spectrum.flux)


def test_brightness_is_that_of_the_survey(survey):
    unknown = [one.truth.snr_r for one in survey if one.truth.role == "unknown" and one.truth.kind != "noise"]
    template = [one.truth.snr_r for one in survey if one.truth.role == "template"]
    assert np.mean(np.array(unknown) < 10) > 0.6
    assert max(unknown) < 35
    assert 8 < min(template) < max(template) < 35
    for one in of_kind(survey, "F star", "noise"):
        assert one.truth.fluxes == {}


def test_some_galaxies_lie_on_both_sides_of_right_ascension_zero():
    near = [
        simulate_one(kind, "template", 0, seed).spectrum.header.ra for kind in GALAXIES for seed in range(4)
    ]
    assert all(min(ra, 360 - ra) < 0.05 for ra in near)
    assert min(near) < 1 < 359 < max(near)


def test_a_designation_is_truncated_as_the_survey_does():
    # Of a header of LAMOST DR7.
    assert designation(332.202274, -2.056767) == "LAMOST J220848.54-020324.3"
    assert designation(0.0, 0.0) == "LAMOST J000000.00+000000.0"


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 0.0), (359.99, -45.0), (86.1, 29.3), (192.9, 27.1)])
def test_galactic_coordinates_are_astropys(ra, dec):
    exact = SkyCoord(ra, dec, unit="deg").galactic
    glon, glat = to_galactic(ra, dec)
    back = to_equatorial(glon, glat)
    assert exact.separation(SkyCoord(glon, glat, unit="deg", frame="galactic")).arcsec < 0.05
    assert SkyCoord(*back, unit="deg").separation(SkyCoord(ra, dec, unit="deg")).arcsec < 1e-3


def test_a_displacement_has_its_length():
    start = SkyCoord(359.9, 88.0, unit="deg")
    for angle in (0, 90, 250):
        end = SkyCoord(*displaced(359.9, 88.0, 1.5, angle), unit="deg")
        assert start.separation(end).deg == pytest.approx(1.5)
        assert start.position_angle(end).deg % 360 == pytest.approx(angle, abs=1e-6)
