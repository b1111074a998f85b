"""Lists that readers give: matched by name and by place, nothing dropped, in every page and download."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.given import services
from catalog.given.entries import parse
from catalog.models import GivenList
from retrieval.match import separation_arcsec
from tests import factories as f
from tests.catalog.pages.test_lists import names

pytestmark = pytest.mark.django_db


def post(client: Client, body: Any) -> Any:
    return client.post("/lists/", json.dumps(body), content_type="application/json")


def test_names_as_json_become_a_filter_of_every_list(client: Client) -> None:
    run = f.RunFactory()
    for name in ("spec-a", "spec-b", "spec-c"):
        f.CandidateFactory(run=run, spectrum__name=name)
    answer = post(client, {"names": ["spec-a", "spec-c.fits", "spec-z"]})
    assert answer.status_code == 201
    said = answer.json()
    assert said["count"] == 2
    assert said["unmatched"] == [
        {
            "line": 3,
            "entry": "spec-z",
            "reason": "no spectrum or H II region of this name is held, and it is no position",
        }
    ]
    for page in ("galaxies", "candidates", "spectra", "inspected"):
        assert sorted(names(client, f"/{page}/?list={said['token']}")) == ["spec-a", "spec-c"], page
    csv = b"".join(client.get(f"/galaxies/download.csv?list={said['token']}").streaming_content).decode()
    assert sorted(line.split(",")[0] for line in csv.splitlines()[1:]) == ["spec-a", "spec-c"]
    assert client.get(f"/figures/snr/?list={said['token']}").context["total"] == 2
    assert post(client, {"names": ["spec-a", "spec-c.fits", "spec-z"]}).json()["token"] == said["token"]


@pytest.mark.parametrize(
    "body", [[], {"names": "spec-a"}, {"names": []}, {"names": [1]}, {"name": ["a"]}, {"names": ["\0"]}]
)
def test_other_json_is_refused(client: Client, body: Any) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not GivenList.objects.exists()


def test_broken_json_is_refused(client: Client) -> None:
    assert client.post("/lists/", "{", content_type="application/json").status_code == 400
    assert client.post("/lists/", b"\xff", content_type="application/json").status_code == 400


def test_pasted_and_uploaded_with_what_matches_nothing_by_line(client: Client) -> None:
    f.SpectrumFactory(name="spec-zero", ra=0.0, dec=0.0)
    f.SpectrumFactory(name="spec-near", ra=359.9998, dec=0.0)
    f.SpectrumFactory(name="spec-named", ra=None, dec=None)
    upload = io.BytesIO(b"00:00:00 +00:00:00\nnothing at all\n120 30\n")
    upload.name = "mine.txt"
    answer = client.post(
        "/lists/", {"entries": "spec-named\n# a remark", "file": upload, "radius": "2"}, follow=True
    )
    page = answer.content.decode()
    assert [(line, text) for line, text, _ in answer.context["given"].unmatched] == [
        (4, "nothing at all"), (5, "120 30"),
    ]  # fmt: skip
    assert "no spectrum lies within 2 arcsec" in page
    token = answer.context["given"].token
    assert names(client, f"/spectra/?list={token}") == ["spec-named", "spec-near", "spec-zero"]


def test_a_list_that_matches_wholly_leads_to_its_rows(client: Client) -> None:
    f.SpectrumFactory(name="spec-a")
    answer = client.post("/lists/", {"entries": "spec-a", "table": "spectra"})
    assert answer.status_code == 302
    assert names(client, answer["Location"]) == ["spec-a"]


@pytest.mark.parametrize(
    ("entries", "file", "said"),
    [
        ("", b"", "The list is empty"),
        ("", b"\xff\xfe\x00", "no text in UTF-8"),
        ("", b"SIMPLE  =\x00", "binary data"),
        ("1 2\n" * 3, b"", "more than 2 positions"),
        ("a\n" * 6, b"", "at most 5 are taken"),
    ],
)
def test_refused_with_a_reason(
    client: Client, monkeypatch: pytest.MonkeyPatch, entries: str, file: bytes, said: str
) -> None:
    monkeypatch.setattr(services, "MAX_POSITIONS", 2)
    monkeypatch.setattr(services, "MAX_ENTRIES", 5)
    data: dict[str, Any] = {"entries": entries}
    if file:
        data["file"] = io.BytesIO(file)
        data["file"].name = "list.txt"
    answer = client.post("/lists/", data)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_regions_by_name_and_by_the_positions_they_hold(client: Client) -> None:
    f.CandidateFactory(run=f.RunFactory(region_version="V2.2"))
    named = f.HIIRegionFactory(name="G173.468+03.230", hii_name="S 232", glon=173.468, glat=3.23)
    other = f.HIIRegionFactory(name="G10.0+01.0", hii_name="W 31", glon=10.0, glat=1.0)
    zero = f.HIIRegionFactory(name="G1.0+01.0", ra=0.0, dec=0.0, glon=96.3373, glat=-60.1886)
    f.HIIRegionFactory(name="G50.0+10.0", glon=50.0, glat=10.0)
    entries = ["g173.468+03.230", "w 31", f"0.0 {zero.radius_arcsec / 3600 * 0.9:.6f}"]
    said = post(client, {"names": entries}).json()
    assert (said["count"], said["regions"]) == (0, 3)
    assert [(line["line"], line["reason"]) for line in said["unmatched"]] == [
        (3, "no spectrum lies within 3 arcsec")
    ]
    page = client.get(f"/regions/?list={said['token']}")
    shown = {row[0][0].text for row in page.context["rows"]}
    assert shown == {region.name for region in (named, other, zero)}
    text = client.get(f"/lists/{said['token']}/").content.decode()
    assert "3</strong> H II regions" in text
    assert f"/regions/?list={said['token']}" in text
    assert f"/spectra/?list={said['token']}" not in text


def test_refused_files_by_name(client: Client) -> None:
    batch = f.ImportBatchFactory()
    for file in ("night/spec-1.fits.gz", "a.zip: a/b/spec-2.fits", "spec-3.fits", "rows.csv: row 7"):
        f.RefusalFactory(batch=batch, file=file)
    given = ["spec-1", "/data/spec-2.fits.gz", "a.zip: a/b/spec-2.fits", "x"]
    said = post(client, {"names": given}).json()
    reasons = [line["reason"] for line in said["unmatched"]]
    assert reasons[:3] == ["this file was refused: see Refused files"] * 3
    assert reasons[3:] == ["no spectrum or H II region of this name is held, and it is no position"]
    page = client.get(f"/refusals/?list={said['token']}").content.decode()
    assert "night/spec-1.fits.gz" in page
    assert "b/spec-2.fits" in page
    assert "spec-3" not in page
    assert "row 7" not in page
    assert "2</strong> refused files" in client.get(f"/lists/{said['token']}/").content.decode()


def test_a_token_that_is_none_is_said(client: Client) -> None:
    f.SpectrumFactory()
    answer = client.get("/spectra/?list=no-such")
    assert answer.status_code == 400
    assert "There is no list no-such" in answer.content.decode()
    assert client.get("/lists/no-such/").status_code == 404


places = st.tuples(
    st.one_of(st.floats(0, 360, exclude_max=True), st.sampled_from([0.0, 359.99999])),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.9999, 0.0])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=places,
    offset=st.floats(0, 2.5),
    angle=st.floats(0, 6.28),
    radius=st.sampled_from([0.5, 3.0, 60.0, 300.0]),
)
def test_matches_are_those_of_the_plain_distance(
    db: None, held: tuple[float, float], offset: float, angle: float, radius: float
) -> None:
    """Everywhere on the sky, at RA 0 and at the poles."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    centre = SkyCoord(*held, unit="deg")
    other = centre.directional_offset_by(angle * u.rad, offset * radius * u.arcsec)
    spectrum = f.SpectrumFactory(ra=centre.ra.deg, dec=centre.dec.deg, source=None)
    try:
        ra, dec = float(other.ra.deg), float(other.dec.deg)
        apart = float(separation_arcsec(ra, dec, centre.ra.deg, centre.dec.deg))
        if abs(apart - radius) > 1e-6:
            found = services.spectra_near(np.array([ra]), np.array([dec]), radius)
            assert found == [[spectrum.pk] if apart < radius else []]
    finally:
        spectrum.delete()


def test_a_download_can_be_given_back(client: Client) -> None:
    for name in ("spec-a", "spec-b"):
        f.SpectrumFactory(name=name)
    csv = b"".join(client.get("/spectra/download.csv").streaming_content).decode()
    made = services.list_create(entries=parse(csv))
    assert sorted(made.spectra.values_list("name", flat=True)) == ["spec-a", "spec-b"]
    assert made.unmatched == []
