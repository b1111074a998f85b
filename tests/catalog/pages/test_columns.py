"""Choosing columns: in the address, per account, in downloads; sorting by any of them."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import ColumnChoice, Run
from catalog.paging import FEW, Order, get_page, value_at
from catalog.tables import TABLES
from tests import factories as f

from .test_home import text

pytestmark = pytest.mark.django_db
MIXED = [
    (None, "", "", None),
    (0.0, "Seyfert", "x", True), (-0.4, "LINER", "", False), (0.0, "Seyfert", "M31", None),
    (0.7, "composite", "x", True),
]  # fmt: skip


def headings(client: Client, url: str) -> list[str]:
    return [heading.text for heading in client.get(url).context["headings"]]


@pytest.fixture
def run() -> Run:
    """Candidates with and without values, equal ones among them, of every table that has columns."""
    run = f.RunFactory(region_version="V2.2")
    region = f.HIIRegionFactory(name="G173.588-01.606")
    for number, (value, word, near, truth) in enumerate(MIXED):
        f.CandidateFactory(
            run=run, spectrum__name=f"spec-g{number}", spectrum__snr_r=value, z_cl=0.1 + number % 2,
            bpt_class=word, log_nii_ha=value, p_liner=value, flags=number % 3,
        )  # fmt: skip
        f.CandidateFactory(
            run=run, nebula=True, spectrum__name=f"spec-n{number}", new_found=truth, near_galaxy=near,
            region=region if truth is False else None, velocity_lsr_kms=value, log_sii_ha=value,
        )  # fmt: skip
        f.RefusalFactory(reason=word or "none", detail=near)
        f.VoteFactory(candidate__run=run, candidate__spectrum__name=f"spec-v{number}", comment=near)
        f.HIIRegionFactory(hii_name=near)
    return run


@pytest.mark.parametrize("table", TABLES)
def test_every_column_sorts_both_ways_page_by_page(run: Run, table: str) -> None:
    """By key, a few rows a page, forwards and one back: the plain sort of the whole, missing values last."""
    rows = TABLES[table].rows(run)
    whole = list(rows)
    for column in TABLES[table].columns:
        sorts = column.kind == "str" and "__" in column.path
        for descending, total in product((False, True), (1, FEW + 1) if sorts else (1,)):
            order = Order.by(column, descending=descending).among(total)
            values = {row.pk: value_at(row, column.path) for row in whole}
            plain = _sorted(values, descending)
            seen, after, page = [], "", None
            while page is None or after:
                page = get_page(rows, order=order, after=after, size=3, shown=())
                seen += [row.pk for row in page.rows]
                after = page.after or ""
            assert seen == plain, (table, column.name, descending)
            assert [values[pk] is None for pk in seen] == sorted(values[pk] is None for pk in seen)
            if page.before:
                back = get_page(rows, order=order, before=page.before, size=3, shown=())
                assert [row.pk for row in back.rows] == seen[-len(page.rows) - 3 : -len(page.rows)]


def _sorted(values: dict[int, Any], descending: bool) -> list[int]:
    held = [pk for pk, value in values.items() if value is not None]
    missing = sorted(values.keys() - held, reverse=descending)
    return [*sorted(held, key=lambda pk: (values[pk], pk), reverse=descending), *missing]


def test_the_address_chooses_columns_and_their_order(client: Client, run: Run) -> None:
    url = "/candidates/?columns=snr_r,file_LAMOST,kind&sort=-z_CL"
    assert headings(client, url) == ["S/N r", "Spectrum", "Kind"]
    page = text(client, url)
    assert "sorted by z lines, falling" in page
    shown = dict(client.get(url).context["downloads_shown"])
    csv = b"".join(client.get(shown["CSV"]).streaming_content).decode()
    assert csv.splitlines()[0] == "snr_r,file_LAMOST,kind"
    whole = dict(client.get(url).context["downloads"])
    first = b"".join(client.get(whole["CSV"]).streaming_content).decode().splitlines()[0]
    assert first == ",".join(column.name for column in TABLES["candidates"].columns)


def test_a_guest_chooses_into_the_address(client: Client, run: Run) -> None:
    answer = client.get("/columns/galaxies/?column=z_our&column=ra&column=no-such&query=z_cl_min%3D0.05")
    assert answer["Location"] == "/galaxies/?z_cl_min=0.05&columns=z_our,ra"
    assert headings(client, answer["Location"]) == ["z", "RA (deg)"]
    assert not ColumnChoice.objects.exists()
    assert client.get("/columns/no-such/?column=ra").status_code == 404


def test_an_account_is_remembered(client: Client, run: Run) -> None:
    user = f.UserFactory()
    client.force_login(user)
    client.post("/columns/galaxies/", {"column": ["z_our", "file_LAMOST"], "query": ""})
    assert headings(client, "/galaxies/") == ["z", "Spectrum"]
    assert headings(client, "/galaxies/?columns=default")[0] == "Spectrum"
    assert len(headings(client, "/galaxies/?columns=all")) == len(TABLES["galaxies"].columns)
    assert headings(Client(), "/galaxies/")[0] == "Spectrum"
    client.post("/columns/galaxies/", {"query": ""})
    assert headings(client, "/galaxies/")[0] == "Spectrum"


def test_what_an_account_chose_of_columns_long_gone_is_no_error(client: Client, run: Run) -> None:
    user = f.UserFactory()
    ColumnChoice.objects.create(user=user, table="galaxies", columns="gone")
    client.force_login(user)
    assert headings(client, "/galaxies/")[0] == "Spectrum"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_choice_of_columns_makes_a_page(client: Client, run: Run, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(list(TABLES.values())))
    names = data.draw(
        st.lists(st.sampled_from([column.name for column in table.columns]), min_size=1, max_size=5)
    )
    sort = data.draw(st.sampled_from(names))
    page = client.get(f"/{table.name}/", {"columns": ",".join(names), "sort": f"-{sort}", "run": run.pk})
    assert page.status_code == 200
    wanted = [table.column(name).heading for name in dict.fromkeys(names)]
    assert [heading.text for heading in page.context["headings"]] == wanted
    assert not re.search(r"<td[^>]*>None<", page.content.decode())
