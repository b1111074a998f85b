"""Saved searches: an account's own, under names."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import SavedSearch
from tests import factories as f

pytestmark = pytest.mark.django_db
QUERY = "z_cl_min=0.1&sort=-z_our"


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(f.UserFactory(username="reader"))
    client.post("/searches/", {"name": "Far  ones", "table": "galaxies", "query": QUERY})
    return client


def test_saved_opened_renamed_deleted(reader: Client) -> None:
    search = SavedSearch.objects.get()
    assert (search.name, search.url) == ("Far ones", f"/galaxies/?{QUERY}")
    assert f"/galaxies/?{QUERY}".replace("&", "&amp;") in reader.get("/searches/").content.decode()
    reader.post(f"/searches/{search.pk}/rename/", {"name": "Farther"})
    assert SavedSearch.objects.get().name == "Farther"
    reader.post(f"/searches/{search.pk}/delete/")
    assert "No search is saved yet" in reader.get("/searches/").content.decode()


def test_what_cannot_be_saved_is_said(reader: Client) -> None:
    for data, said in (
        ({"name": "Far ones", "table": "galaxies"}, "choose another name"),
        ({"name": "x", "table": "no-such"}, "There is no list no-such"),
        ({"name": "", "table": "galaxies"}, "This field is required"),
    ):
        answer = reader.post("/searches/", data)
        assert answer.status_code == 400
        assert said in answer.content.decode()
    assert SavedSearch.objects.count() == 1


def test_each_sees_and_changes_their_own_only(reader: Client, client: Client) -> None:
    search = SavedSearch.objects.get()
    other = Client()
    assert other.get("/searches/").status_code == 302
    other.force_login(f.UserFactory())
    assert "Far ones" not in other.get("/searches/").content.decode()
    for action in ("rename", "delete"):
        assert other.post(f"/searches/{search.pk}/{action}/", {"name": "mine"}).status_code == 404
    assert other.post("/searches/", {"name": "Far ones", "table": "spectra"}).status_code == 302
    assert SavedSearch.objects.count() == 2
