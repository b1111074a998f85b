"""Going through a result on the spectrum's page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client

from catalog.models import Run, Spectrum
from catalog.paging import Order, neighbours
from tests import factories as f

from .test_lists import names

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    run = f.RunFactory()
    for name, z in (("spec-a", 0.3), ("spec-b", 0.1), ("spec-c", 0.2), ("spec-d", 0.9)):
        f.CandidateFactory(run=run, spectrum__name=name, z_cl=z)
    return run


def test_from_first_to_last_and_back_to_the_list(client: Client, run: Run) -> None:
    query = "galaxies?z_cl_max=0.5&sort=-z_our"
    url = f"/spectra/spec-a/?in={quote(query)}"
    seen = []
    while url:
        page = client.get(url)
        way = page.context["through"]
        seen.append((page.context["spectrum"].name, way.place, way.total))
        last, url = way, way.next
    assert seen == [("spec-a", 1, 3), ("spec-c", 2, 3), ("spec-b", 3, 3)]
    assert names(client, last.back) == ["spec-a", "spec-c", "spec-b"]
    assert client.get(last.previous).context["spectrum"].name == "spec-c"
    assert "<strong>3</strong> of 3" in page.content.decode()
    assert 'accesskey="k"' in page.content.decode()


def test_rows_of_a_list_lead_on_through_it(client: Client, run: Run) -> None:
    page = client.get("/galaxies/?sort=-z_our&z_cl_min=0.15&columns=ra,file_LAMOST")
    first = page.context["rows"][0][0][1]
    way = client.get(first.url).context["through"]
    assert (way.place, way.total, way.back) == (1, 3, "/galaxies/?sort=-z_our&z_cl_min=0.15")


@pytest.mark.parametrize(
    "within",
    [
        "", "nothing", "regions?", "votes?", "galaxies?z_cl_min=abc", "galaxies?sort=no-such",
        "galaxies?run=0",
        "galaxies?z_cl_min=0.5", "spectra?position=%00",
    ],
)  # fmt: skip
def test_no_way_where_there_is_none(client: Client, run: Run, within: str) -> None:
    page = client.get(f"/spectra/spec-a/?in={quote(within)}")
    assert page.status_code == 200
    assert page.context["through"] is None


@pytest.mark.parametrize("descending", [False, True])
def test_neighbours_are_those_of_the_plain_sort(descending: bool) -> None:
    release = f.ReleaseFactory()
    for value in (None, 2.0, 0.0, None, 2.0, -1.5):
        f.SpectrumFactory(release=release, snr_r=value)
    order = Order("snr_r", descending)
    rows = Spectrum.objects.all()
    whole = sorted(
        rows,
        key=lambda row: (row.snr_r, row.pk) if row.snr_r is not None else (0, row.pk),
        reverse=descending,
    )
    plain = [row for row in whole if row.snr_r is not None] + [row for row in whole if row.snr_r is None]
    for place, row in enumerate(plain, 1):
        before, after, at = neighbours(rows, order=order, start=(row.snr_r, row.pk))
        assert at == place
        assert before == (plain[place - 2].pk if place > 1 else None)
        assert after == (plain[place].pk if place < len(plain) else None)
