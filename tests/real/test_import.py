"""The real files come in with the manifest's values, or are refused for the right reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord, search_around_sky
from astropy.units import arcsec
from django.core.management import call_command

from catalog.arrays import load_spectrum
from catalog.ingest import spectra_import
from catalog.models import HIIRegion, Refusal, RegionMatch, Release, Source, Spectrum
from catalog.regions import regions_match
from tests.real.data import manifest, survey_data

pytestmark = [pytest.mark.real, pytest.mark.django_db]


def number(text: str) -> float | None:
    value = float(text) if text else None
    return None if value == -9999 else value


def near(value: float | None, **tolerance: float) -> object:
    return None if value is None else pytest.approx(value, **tolerance)


def role(row: dict[str, str]) -> str:
    return {"GALAXY": "template", "Unknown": "unknown"}.get(row["cls"], "other")


def test_all_spectra():
    rows = manifest()
    batch = spectra_import(paths=[survey_data() / "spectra"])
    assert (batch.imported, batch.refused, batch.already_held) == (len(rows), 0, 0)
    held = {spectrum.sha256: spectrum for spectrum in Spectrum.objects.select_related("release", "source")}
    assert len(held) == len(rows)
    for row in rows:
        path = Path(row["path"])
        spectrum = held[hashlib.sha256(path.read_bytes()).hexdigest()]
        assert path.name.startswith(f"{spectrum.name}.fit")
        found = {
            "survey": spectrum.release.survey,
            "release": spectrum.release.name.removeprefix(f"{row['survey']} "),
            "cls": spectrum.cls,
            "role": spectrum.role,
            "z": spectrum.z,
            "z_err": spectrum.z_err,
            "ra": spectrum.ra,
            "dec": spectrum.dec,
            "pixels": spectrum.n_pixels,
        }
        expected = {
            "survey": row["survey"],
            "release": row["release"].removeprefix(f"{row['survey']} "),
            "cls": row["cls"],
            "role": role(row),
            "z": near(number(row["z"]), rel=1e-6),
            "z_err": near(number(row["z_err"]), rel=1e-5),
            "ra": near(float(row["ra"]), abs=1e-6),
            "dec": near(float(row["dec"]), abs=1e-6),
            "pixels": int(row["npix"]),
        }
        assert found == expected, row["file"]
        if row["survey"] == "LAMOST":
            assert spectrum.subclass == row["subclass"]
            assert spectrum.object_type == row["objtype"]
            assert spectrum.snr_r == near(number(row["snr_r"]), rel=1e-5)
            if row["ident"].isdigit():
                assert spectrum.obsid == int(row["ident"])
    assert not Release.objects.filter(simulated=True).exists()
    sources_follow_their_rule(list(held.values()))
    with held.popitem()[1].file.open() as file:
        assert file.read()

    again = spectra_import(paths=[survey_data() / "spectra"])
    assert (again.imported, again.already_held, again.refused) == (0, len(rows), 0)


def sources_follow_their_rule(spectra: list[Spectrum]) -> None:
    """Nobody is farther than 1 arcsec from its source; no founder lies within 1 arcsec of an earlier one."""
    places = SkyCoord([s.ra for s in spectra], [s.dec for s in spectra], unit="deg")
    own = SkyCoord([s.source.ra for s in spectra], [s.source.dec for s in spectra], unit="deg")
    assert places.separation(own).arcsec.max() <= 1
    founders = SkyCoord(*np.transpose(Source.objects.values_list("ra", "dec")), unit="deg")
    first, second, _, _ = search_around_sky(founders, founders, 1 * arcsec)
    assert (first == second).all()


def test_files_load_again():
    rows = [row for row in manifest() if row["fixture"] == "1"]
    spectra_import(paths=[Path(row["path"]) for row in rows])
    for spectrum in Spectrum.objects.all():
        loaded = load_spectrum(spectrum)
        assert (loaded.name, loaded.layout, loaded.flux.size) == (
            spectrum.name, spectrum.layout, spectrum.n_pixels,
        )  # fmt: skip


def test_foreign_and_refused_files():
    batch = spectra_import(paths=[survey_data() / "other", survey_data() / "refuse"])
    assert dict(Refusal.objects.filter(batch=batch).values_list("file", "reason")) == {
        "cg922.fits": "wavelength-contradicted",
        "emlLinearSkyAirNoHelio.fits": "medium-unstated",
        "med-58268-HIP95119KP01_sp12-076.fits.gz": "medium-resolution",
    }
    assert Spectrum.objects.get().name == "emlLogVacuumNoHelio"
    for refusal in Refusal.objects.all():
        assert refusal.detail
        assert refusal.advice


def test_the_wise_catalogue():
    path = survey_data() / "hii" / "wise_hii_V2.2.csv"
    call_command("import_regions", path)
    codes = Counter(HIIRegion.objects.values_list("catalog", flat=True))
    assert codes == {"K": 2210, "G": 654, "C": 1767, "Q": 3780}
    assert "'0'" in Refusal.objects.get().detail
    assert HIIRegion.objects.get(name="G000.003+00.127").vlsr == "7.5;-12.1"
    spectra_import(paths=[survey_data() / "spectra" / "lamost"])
    spectra = list(Spectrum.objects.values_list("pk", "glon", "glat"))
    found = regions_match(spectra=[pk for pk, _, _ in spectra], version="V2.2")
    regions = list(HIIRegion.objects.values_list("pk", "glon", "glat", "radius_arcsec"))
    centres = SkyCoord([r[1] for r in regions], [r[2] for r in regions], unit="deg", frame="galactic")
    radius = np.array([r[3] for r in regions])
    expected = {
        (pk, regions[index][0])
        for pk, lon, lat in spectra
        for index in np.flatnonzero(
            centres.separation(SkyCoord(lon, lat, unit="deg", frame="galactic")).arcsec <= radius
        )
    }
    assert found == len(expected)
    assert set(RegionMatch.objects.values_list("spectrum_id", "region_id")) == expected
