"""Limits of searches: nothing of an upload is kept, what cannot be taken is refused, and so is too much."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from catalog.models import Run
from tasks.kin import kept, limits, packing
from tasks.models import KeptSpectrum
from tests.retrieval.readers import files

from .conftest import queries

pytestmark = pytest.mark.django_db


def test_nothing_of_an_upload_is_kept(run: Run, client: Client, settings: Any, monkeypatch: Any) -> None:
    """No row, no file, nor a temporary one: reading of an upload must never open one."""

    def rows() -> dict[str, int]:
        counts = {}
        with connection.cursor() as cursor:
            for name in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT count(*) FROM "{name}"')
                counts[name] = cursor.fetchone()[0]
        return counts

    def no_file(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", no_file)
    monkeypatch.setattr("tempfile.mkstemp", no_file)
    spectrum = queries(run)[0]
    before, on_disk = rows(), sorted(Path(settings.MEDIA_ROOT).rglob("*"))
    raw = spectrum.file.open("rb").read()
    raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    large = raw + b"\0" * (2880 * 1200)  # more than Django holds in memory
    for url in (reverse("kin"), reverse("kin-api")):
        answer = client.post(url, {"file": SimpleUploadedFile("mine.fits", large)})
        assert answer.status_code == 200, answer.content[:300]
    assert rows() == before
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == on_disk


REFUSED = [
    (b"", "empty"),
    (b"<!DOCTYPE html><html>login</html>", "web-page"),
    (b"PK\x03\x04 and so on", "archive"),
    (gzip.compress(b"0" * (65 * 2**20), mtime=0), "archive-bomb"),
    (files.lamost()[:30000], "truncated"),
    (files.lamost(flux=np.zeros(3909)), "zero-flux"),
    (b"wavelength (nm),flux\n400,1\n410,2\n420,1\n430,2\n440,1\n450,2\n", "medium-unstated"),
    (b"wave_vac (nm),flux\n400,1\n410,nan\n420,1\n", "zero-flux"),
    (b"wave_vac (nm),flux\n400,1\n410,2\n420,1\n430,2\n440,4\n450,2\n", "no-overlap"),
    (b"wave_vac (nm),flux\n" + b"400,1\n" * 60_001, "too-large"),
]


@pytest.mark.parametrize(("raw", "code"), REFUSED, ids=[code for _, code in REFUSED])
def test_a_refusal_says_what_to_do_and_keeps_what_was_entered(
    run: Run, client: Client, raw: bytes, code: str
) -> None:
    def entered() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("mine.csv", raw), "k": "17", "position": "10 20", "unit": ""}

    answer = client.post(reverse("kin-api"), entered())
    assert answer.status_code in (400, 422)
    said = answer.json()
    if raw:
        assert (said["error"], bool(said["advice"])) == (code, True)
    page = client.post(reverse("kin"), entered())
    assert page.status_code == answer.status_code
    text = page.content.decode()
    assert 'value="17"' in text
    assert 'value="10 20"' in text
    if raw:
        for words in (said["message"], said["advice"]):
            assert escape(words) in text


def test_uploads_over_the_limit_are_refused_by_page_and_api(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_UPLOAD_MB = 1
    for size in (2**20 + 2**15, 3 * 2**20):  # noticed while it comes; announced too large
        file = SimpleUploadedFile("mine.fits", b"S" * size)
        assert client.post(reverse("kin-api"), {"file": file}).status_code == 413
        file.seek(0)
        page = client.post(reverse("kin"), {"file": file})
        assert (page.status_code, "at most 1 MB" in page.content.decode()) == (413, True)


def test_a_configuration_beyond_the_memory_is_refused_with_numbers(
    run: Run, client: Client, settings: Any
) -> None:
    settings.KIN_MEMORY_MB = 0
    said = client.get(reverse("kin-api"), {"spectrum": queries(run)[0].name})
    assert (said.status_code, said.json()["error"]) == (503, "no-codebook")
    page = client.get(reverse("kin"), {"spectrum": queries(run)[0].name})
    assert page.status_code == 503
    assert "this portal keeps 0 MB for such searches" in page.content.decode()
    assert "Choose another configuration." in page.content.decode()


@pytest.mark.parametrize(("name", "value", "status"), [("LARGEST", 10, 413), ("MOST", 0, 503)])
def test_what_cannot_be_kept_is_said_on_a_page(
    run: Run, client: Client, monkeypatch: Any, name: str, value: int, status: int
) -> None:
    monkeypatch.setattr(kept, name, value)
    page = client.post(reverse("kin-keep"), {"again": packing.to_text(files.galaxy())})
    assert page.status_code == status
    words = {"LARGEST": "at most 1 MB of a spectrum is kept", "MOST": "as many as this portal keeps"}
    assert words[name] in page.content.decode()
    assert "Go back" in page.content.decode()
    assert not KeptSpectrum.objects.exists()


def test_an_address_may_ask_so_often_a_minute(
    run: Run, client: Client, settings: Any, broker: Any, monkeypatch: Any
) -> None:
    settings.KIN_PER_MINUTE = 2
    monkeypatch.setattr(limits.time, "time", lambda: 600_000_030.0)
    asked = {"spectrum": queries(run)[0].name}
    for _ in range(2):
        assert client.get(reverse("kin-api"), asked).status_code == 200
    for url in (reverse("kin-api"), reverse("kin")):
        refused = client.get(url, asked)
        assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert client.get(reverse("kin-api"), asked, REMOTE_ADDR="10.0.0.9").status_code == 200
    settings.PROXIES = 1
    for forwarded, status in (("10.9.9.9", 200), ("1.1.1.1, 10.9.9.9", 200), ("2.2.2.2, 10.9.9.9", 429)):
        answer = client.get(reverse("kin-api"), asked, headers={"X-Forwarded-For": forwarded})
        assert answer.status_code == status, forwarded
    assert not any(b"10.9.9.9" in key for key in broker.keys("*"))


def test_without_the_broker_searches_go_on(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_PER_MINUTE = 1
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    for _ in range(2):
        assert client.get(reverse("kin-api"), {"spectrum": queries(run)[0].name}).status_code == 200


def test_a_busy_portal_says_when_to_come_again(
    run: Run, client: Client, settings: Any, monkeypatch: Any
) -> None:
    settings.KIN_AT_ONCE = 1
    monkeypatch.setattr(limits, "WAIT", 0.01)
    asked = {"spectrum": queries(run)[0].name}
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with limits.PLACES.taken():
            taken.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(30)
    try:
        for url in (reverse("kin-api"), reverse("kin")):
            busy = client.get(url, asked)
            assert (busy.status_code, busy["Retry-After"]) == (503, str(limits.COME_AGAIN))
    finally:
        leave.set()
        holder.join()
    assert client.get(reverse("kin-api"), asked).status_code == 200


def test_a_place_is_given_back_when_a_search_fails(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_AT_ONCE = 1
    for _ in range(3):
        bad = SimpleUploadedFile("mine.csv", b"x,y\n1,2\n")
        assert client.post(reverse("kin-api"), {"file": bad}).status_code == 422
