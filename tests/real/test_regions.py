"""Regions on real data: the WISE catalogue."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from retrieval.match import best_region, match_regions
from tests.real.data import survey_data

pytestmark = pytest.mark.real


def wise() -> list[dict[str, str]]:
    with (survey_data() / "hii" / "wise_hii_V2.2.csv").open(newline="", encoding="utf-8") as handle:
        return [{key.split("<br>")[0]: value for key, value in row.items()} for row in csv.DictReader(handle)]


def test_regions_of_the_wise_catalogue():
    rows = wise()
    lon, lat, radius = (np.array([float(row[key]) for row in rows]) for key in ("GLong", "GLat", "Radius"))
    centre, region, separation = match_regions(lon, lat, lon, lat, radius)
    inside_another = np.unique(centre[centre != region]).size
    print(f"{inside_another} of {len(rows)} regions have their centre inside another")
    assert set(zip(range(len(rows)), range(len(rows)), strict=True)) <= set(zip(centre, region, strict=True))
    assert (len(rows), inside_another) == (8412, 1954)
    best = best_region(centre, region, separation, radius, [row["Catalog"] for row in rows])
    assert (separation[best] == 0).all()


@pytest.mark.parametrize(
    ("name", "code", "glon", "glat", "radius"),
    [
        ("G173.588-01.606", "K", 173.588, -1.606, 1298),
        ("G206.316-02.103", "K", 206.316, -2.103, 3133),
        ("G159.957-12.738", "K", 159.957, -12.737, 5689),
        ("G173.468+03.230", None, 173.468, 3.230, 1369),
        ("G173.156-03.442", "Q", 173.156, -3.442, 728),
    ],
)
def test_the_regions_that_the_paper_prints(name, code, glon, glat, radius):
    rows = wise()
    lon, lat, radii = (np.array([float(row[key]) for row in rows]) for key in ("GLong", "GLat", "Radius"))
    spectrum, region, separation = match_regions([glon], [glat], lon, lat, radii)
    best = region[best_region(spectrum, region, separation, radii, [row["Catalog"] for row in rows])]
    assert [rows[i]["WISE Name"] for i in best] == [name]
    assert code is None or rows[best[0]]["Catalog"] == code
    assert float(rows[best[0]]["Radius"]) == pytest.approx(radius, abs=1)
