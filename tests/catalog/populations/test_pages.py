"""The page: the selection's rows, statistics, downloads and addresses; and the number of queries."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Group
from django.test import Client

from catalog.models import Run
from tests import factories as f
from tests.catalog.pages.test_home import text

from .conftest import galaxies

BOX = "x=z_our&y=mag_g&x_min=0.1&x_max=0.25&y_min=15&y_max=18.5"


def boxed(run: Run) -> list[Any]:
    return [one for one in galaxies(run) if 0.1 <= one.z_cl <= 0.25 and 15 <= one.spectrum.mag_g <= 18.5]


def test_a_box_is_rows_statistics_and_downloads(client: Client, run: Run) -> None:
    page = client.get(f"/populations/?{BOX}")
    wanted = boxed(run)
    assert 1 < len(wanted) < 40
    assert page.context["count"] == len(wanted)
    assert {row.name for row in page.context["rows"]} == {one.spectrum.name for one in wanted}
    _, csv_url = next(one for one in page.context["downloads"] if one[0] == "CSV")
    rows = list(csv.DictReader(io.StringIO(client.get(csv_url).getvalue().decode())))
    assert {row["file_LAMOST"] for row in rows} == {one.spectrum.name for one in wanted}
    assert client.get(page.context["list_url"]).context["total"] == len(wanted)
    narrow = client.get(page.context["narrow"])
    assert (narrow.context["total"], narrow.context["count"]) == (len(wanted), None)
    assert narrow.context["population"].x.name == "z_our"
    assert client.get(f"/populations/{page.context['unselect']}").context["total"] == 40
    part = client.get(f"/populations/selection/?{BOX}").content.decode()
    assert unescape(part).strip() in unescape(page.content.decode())


def test_statistics_are_those_of_the_values(client: Client, run: Run) -> None:
    page = client.get(f"/populations/?{BOX}")
    told = {column.name: (n, values) for column, n, values in page.context["summaries"]}
    assert set(told) == {"z_our", "mag_g", "snr_r"}
    for name, path in (("z_our", "z_cl"), ("mag_g", "spectrum.mag_g"), ("snr_r", "spectrum.snr_r")):
        values = []
        for one in boxed(run):
            for step in path.split("."):
                one = getattr(one, step)
            if one is not None:
                values.append(one)
        n, words = told[name]
        assert n == len(values)
        decimals = len(words[0].partition(".")[2])
        assert [float(word) for word in words] == pytest.approx(
            np.percentile(values, [0, 25, 50, 75, 100]), abs=0.6 * 10**-decimals
        )
    assert "g (mag)" in unescape(page.content.decode())


def test_classes_are_counted_and_expected(client: Client, run: Run) -> None:
    classes = {one.label: one for one in client.get("/populations/").context["classes"]}
    assert sum(one.n for one in classes.values()) == 40
    assert classes["star-forming"].n == sum(one.bpt_class == "star-forming" for one in galaxies(run))
    assert classes["star-forming"].expected == pytest.approx(0.75 * 40)


def test_rows_say_where_their_points_are(client: Client, run: Run) -> None:
    found = client.get("/populations/?x=z_our&y=mag_g").content.decode()
    rows = re.findall(
        r'<tr data-name="([^"]*)" data-release="lamost-dr7" data-x="([^"]*)" data-y="([^"]*)"', found
    )
    assert {name: (float(x), float(y)) for name, x, y in rows} == {
        one.spectrum.name: (one.z_cl, one.spectrum.mag_g) for one in galaxies(run)
    }


def test_rows_with_a_file_have_a_spark(client: Client, run: Run) -> None:
    held = f.CandidateFactory(run=run, spectrum__with_file=b"x").spectrum
    found = client.get("/populations/selection/?x=z_our&y=mag_g").content.decode()
    assert 'data-sparks="/sparks.json"' in found
    assert re.findall(r'data-spark="(\d+)" data-name="([^"]*)"', found) == [(str(held.pk), held.name)]


def test_the_projection_of_the_sky_is_named(client: Client, run: Run) -> None:
    page = text(client, "/populations/?of=candidates&sky=galactic")
    assert "Hammer–Aitoff projection, equal areas: Galactic longitude and latitude" in page
    assert "Hammer" not in text(client, "/populations/")


def test_rows_sort_and_turn(client: Client, run: Run) -> None:
    for _ in range(60):
        f.CandidateFactory(run=run, z_cl=0.2)
    page = client.get("/populations/?x=z_our&y=mag_g&sort=-mag_g&x_min=0.1")
    values = [row.y for row in page.context["rows"]]
    assert values == sorted(values, reverse=True)
    following = client.get(f"/populations/{page.context['next']}")
    assert following.context["rows"][0].y <= values[-1]
    assert following.context["ranges"]
    assert "no shown column" in text(client, "/populations/?sort=n_lines")
    assert "damaged" in text(client, "/populations/?after=x")


def test_wrong_and_empty(client: Client, run: Run) -> None:
    assert "There is no list “nope” to draw" in text(client, "/populations/?of=nope", 400)
    assert "There is no numeric column “nope”" in text(client, "/populations/?x=nope", 400)
    assert "“a” is not a number" in text(client, "/populations/?x_min=a", 400)
    assert "There is no filter wrong here" in text(client, "/populations/?wrong=1", 400)
    assert "A filter could not be read" in text(client, "/populations/?z_cl_min=x", 400)
    assert client.get("/populations/selection/?x=nope").status_code == 400
    assert client.get("/populations/?run=999").status_code == 404
    assert "No row lies in the selection" in text(client, "/populations/?x_min=50")
    assert "Nothing matches these filters" in text(client, "/populations/?z_cl_min=9")
    run.delete()
    assert "No retrieval run has ended yet" in text(client, "/populations/")


@pytest.mark.parametrize(
    ("url", "queries"),
    [
        ("/populations/?run={run}", 9),
        ("/populations/?run={run}&" + BOX, 10),
        ("/populations/?run={run}&x=snr_r", 9),
        ("/populations/selection/?run={run}&" + BOX, 9),
        ("/populations/plot.json?run={run}", 4),
        ("/populations/chosen.json?run={run}&" + BOX, 3),
        ("/populations/plot.json?run={run}&most=5", 4),
        ("/populations/plot.json?run={run}&x=snr_r", 4),
        ("/populations/plot.json?run={run}&of=candidates&sky=galactic&most=5", 4),
        ("/populations/regions.json?run={run}", 2),
    ],
)
def test_queries(client: Client, run: Run, django_assert_num_queries: Any, url: str, queries: int) -> None:
    with django_assert_num_queries(queries):
        client.get(url.format(run=run.pk))


def test_a_picked_list_is_the_selection(client: Client, run: Run) -> None:
    names = ["spec-00", "spec-01", "spec-03"]
    made = client.post("/lists/", {"names": names}, content_type="application/json").json()
    page = client.get(f"/populations/?{BOX.partition('&x_min')[0]}&picked={made['token']}")
    assert page.context["count"] == 3
    assert {row.name for row in page.context["rows"]} == set(names)
    assert client.get(page.context["list_url"]).context["total"] == 3
    assert "There is no list nope" in text(client, "/populations/?picked=nope", 400)


def test_inspectors_send_the_selection_to_inspection(client: Client, run: Run) -> None:
    inspector = f.UserFactory()
    inspector.groups.add(Group.objects.get(name="inspectors"))
    assert client.post(f"/populations/inspect/?{BOX}").status_code == 403
    assert "Inspect these" not in text(client, f"/populations/?{BOX}")
    client.force_login(inspector)
    page = client.get(f"/populations/?{BOX}")
    assert "Inspect these" in page.content.decode()
    to = client.post(page.context["inspect_url"])
    assert to.status_code == 302
    token = re.search(r"/inspect/\?list=([\w-]+)", to["Location"])
    assert token
    assert client.get(f"/galaxies/?list={token[1]}").context["total"] == len(boxed(run))
