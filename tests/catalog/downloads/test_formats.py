"""Every format times every column: written, then read back by astropy and by STILTS."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table as AstropyTable
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.columns import Column
from catalog.downloads import as_csv, as_fits
from catalog.downloads.selection import Selection, select
from catalog.downloads.stream import FORMATS
from catalog.models import Run
from catalog.tables import TABLES
from tests import factories as f

from .conftest import ACCENT, AWKWARD, BIG

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = list(TABLES)


def chosen(name: str, query: str = "") -> Selection:
    return select(table=TABLES[name], params=QueryDict(query))


def written(selection: Selection, suffix: str) -> bytes:
    return b"".join(FORMATS[suffix].stream(selection, NOW))


def expected(selection: Selection) -> list[dict[str, Any]]:
    """The rows by plain attribute look-up through the models: the oracle of the writers."""

    def value(row: Any, path: str) -> Any:
        for part in path.split("__"):
            row = None if row is None else getattr(row, part)
        return row

    columns = selection.table.columns
    return [{column.name: value(row, column.path) for column in columns} for row in selection.rows]


def from_astropy(cell: Any, kind: str) -> Any:
    """A cell of an astropy table as the database has it; None where it is missing."""
    if cell is np.ma.masked:
        return None
    match kind:
        case "str":
            return str(cell) or None
        case "int":
            return int(cell)
        case "bool":
            return bool(cell)
        case _:
            return None if math.isnan(cell) else float(cell)


def as_fits_reads(value: Any) -> Any:
    """FITS holds ASCII, and an empty text is no text."""
    return as_fits.ascii_bytes(value).decode() or None if isinstance(value, str) else value


@pytest.mark.parametrize("name", NAMES)
def test_fits_in_astropy(run: Run, tmp_path: Path, name: str) -> None:
    selection = chosen(name)
    path = tmp_path / "table.fits"
    path.write_bytes(written(selection, "fits"))

    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert hdus[1].header["EXTNAME"] == name
    table = AstropyTable.read(path, character_as_bytes=False)

    rows = expected(selection)
    assert len(table) == len(rows) >= 1
    assert table.colnames == [column.name for column in selection.table.columns]
    for column in selection.table.columns:
        cells = [from_astropy(cell, column.kind) for cell in table[column.name]]
        assert cells == [as_fits_reads(row[column.name]) for row in rows], column.name
        assert str(table[column.name].unit or "").replace(" ", "") == column.unit
        assert table[column.name].description == column.description
        assert table[column.name].meta["ucd"] == column.ucd


@pytest.mark.parametrize("name", NAMES)
def test_csv_in_python(run: Run, name: str) -> None:
    selection = chosen(name)
    rows = list(csv.reader(io.StringIO(written(selection, "csv").decode())))

    assert rows[0] == [column.name for column in selection.table.columns]
    for cells, row in zip(rows[1:], expected(selection), strict=True):
        for column, cell in zip(selection.table.columns, cells, strict=True):
            value = row[column.name]
            if value is None:
                assert cell == "", column.name
            else:
                assert {
                    "str": str,
                    "int": int,
                    "float": float,
                    "bool": lambda text: {"0": False, "1": True}[text],
                }[column.kind](cell) == value, column.name


@pytest.mark.parametrize("name", NAMES)
def test_both_in_stilts(run: Run, tmp_path: Path, stilts: Callable[..., str], name: str) -> None:
    """STILTS reads the same cells from both, with units, UCDs and descriptions from the FITS."""
    selection = chosen(name)
    columns, rows = selection.table.columns, expected(selection)
    for suffix in ("fits", "csv"):
        path = tmp_path / f"table.{suffix}"
        path.write_bytes(written(selection, suffix))
        text = stilts("tpipe", f"in={path}", f"ifmt={suffix}", "omode=out", "ofmt=csv", "out=-")
        read = list(csv.reader(io.StringIO(text)))
        assert read[0] == [column.name for column in columns]
        for cells, row in zip(read[1:], rows, strict=True):
            for column, cell in zip(columns, cells, strict=True):
                value = row[column.name]
                value = as_fits_reads(value) if suffix == "fits" else value
                if value is None or value == "":
                    assert cell == "", (suffix, column.name)
                elif column.kind == "str":  # STILTS takes the octets of a CSV for Latin-1
                    assert cell in (value, value.encode().decode("latin-1")), (suffix, column.name)
                elif column.kind == "bool":
                    assert {"0": False, "1": True, "false": False, "true": True}[cell] == value
                else:
                    assert {"float": float, "int": int}[column.kind](cell) == value

    told = stilts(
        "tpipe", f"in={tmp_path / 'table.fits'}", "cmd=meta name units ucd description", "ofmt=csv", "out=-"
    )
    assert list(csv.reader(io.StringIO(told)))[1:] == [
        [column.name, column.unit, column.ucd, column.description] for column in columns
    ]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_only_the_columns_asked_for_in_their_order(run: Run, tmp_path: Path, name: str, suffix: str) -> None:
    """``columns=`` in every format: what is shown can be taken as it is shown."""
    wanted = [column.name for column in TABLES[name].columns][::-2]
    content = written(chosen(name, urlencode({"columns": ",".join(wanted)})), suffix)
    path = tmp_path / f"table.{suffix}"
    path.write_bytes(content)
    if suffix == "json":
        assert [column["name"] for column in json.loads(content)["columns"]] == wanted
        return
    formats = {"csv": "ascii.csv", "vot": "votable", "ecsv": "ascii.ecsv"}
    names = {"use_names_over_ids": True} if suffix == "vot" else {}
    assert AstropyTable.read(path, format=formats.get(suffix, suffix), **names).colnames == wanted


def test_fits_tells_where_it_comes_from(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.fits").write_bytes(
        written(chosen("galaxies", "z_cl_min=0.15&radius=&sort=-z_our"), "fits")
    )
    for hdu in (0, 1):
        header = fits.getheader(tmp_path / "t.fits", hdu)
        assert header["TITLE"] == "Emission-line galaxies"
        assert header["QUERY"] == "z_cl_min=0.15&sort=-z_our"
        assert header["DATE"] == "2026-11-22T12:00:00"
        assert (header["RUN"], header["PROFILE"], header["SEED"]) == (run.pk, "lu2022", BIG)
        assert header["CODEVER"] == run.code_version
        assert header["CONFIGS"] == "2:25:100 2:50:200"
        assert json.loads(header["QUERIES"]) == run.query_selection
        assert json.loads(header["DETECT"]) == {"window": 5}
        assert header["SIMULATE"] is False
        assert header["RELEASES"] == "LAMOST DR7"
        assert "Lu, Y. et al. 2022" in header["CITE1"]
    assert AstropyTable.read(tmp_path / "t.fits").meta["QUERY"] == "z_cl_min=0.15&sort=-z_our"


def test_simulated_rows_say_so(run: Run) -> None:
    run.candidates.first().spectrum.release.__class__.objects.update(simulated=True)
    facts = json.loads(written(chosen("candidates"), "json"))
    assert facts["simulated"] is True
    header = fits.Header.fromstring(written(chosen("candidates"), "fits")[:2880])
    assert header["SIMULATE"] is True


def test_simulated_templates_say_so(run: Run) -> None:
    """Observed spectra whose redshifts rest on simulated templates are told from those that do not."""
    neighbour = f.NeighbourFactory(
        codebook=run.codebooks.first(), spectrum=run.candidates.first().spectrum, agrees=False,
        template__release__simulated=True, template__release__slug="simulated-templates",
    )  # fmt: skip
    assert json.loads(written(chosen("candidates"), "json"))["simulated_templates"] is False
    type(neighbour).objects.update(agrees=True)
    facts = json.loads(written(chosen("candidates"), "json"))
    assert (facts["simulated"], facts["simulated_templates"]) == (False, True)
    header = fits.Header.fromstring(written(chosen("candidates"), "fits")[:2880])
    assert header["SIMTEMPL"] is True


def test_sidecar_describes_the_csv(run: Run) -> None:
    selection = chosen("galaxies", "z_cl_min=0.15")
    facts = json.loads(written(selection, "json"))
    rows = list(csv.DictReader(io.StringIO(written(selection, "csv").decode())))
    assert facts["rows"] == len(rows) == 2
    assert [column["name"] for column in facts["columns"]] == list(rows[0])
    ra = next(column for column in facts["columns"] if column["name"] == "ra")
    assert (ra["unit"], ra["ucd"], ra["type"]) == ("deg", "pos.eq.ra;meta.main", "float")
    assert facts["query"] == "z_cl_min=0.15"
    assert facts["run"]["number"] == run.pk
    assert facts["run"]["configurations"] == ["2:25:100", "2:50:200"]
    assert facts["run"]["seed"] == BIG


def test_counterparts_stay_empty_until_they_are_looked_up(run: Run) -> None:
    rows = {
        row["file_LAMOST"]: row
        for row in csv.DictReader(io.StringIO(written(chosen("galaxies"), "csv").decode()))
    }
    known = rows["spec-known"]
    assert (known["newG"], known["simbad_id"], known["SDSS_id"]) == ("0", "LEDA 1, 2", "1237648720693755918")
    assert (known["SDSS_petroRad"], known["SDSS_z"], known["NED_name"]) == ("2.5", "", "")
    for name in (AWKWARD, ACCENT):
        assert rows[name]["newG"] == rows[name]["simbad_id"] == rows[name]["SDSS_z"] == ""


def test_rows_come_in_the_page_order_missing_values_last(run: Run) -> None:
    def names(query: str) -> list[str]:
        rows = csv.DictReader(io.StringIO(written(chosen("candidates", query), "csv").decode()))
        return [row["file_LAMOST"] for row in rows]

    assert names("kind=galaxy") == [AWKWARD, ACCENT, "spec-known"]
    assert names("kind=galaxy&sort=-z_CL") == ["spec-known", ACCENT, AWKWARD]
    assert names("kind=galaxy&sort=ra")[-1] == names("kind=galaxy&sort=-ra")[-1] == ACCENT
    assert names("kind=galaxy&sort=ra")[0] == AWKWARD  # RA 0 is not missing


@pytest.mark.parametrize("suffix", ["csv", "fits"])
def test_it_is_a_stream(many: Run, suffix: str) -> None:
    """Pieces of bounded size: no piece holds more than one batch."""
    selection = chosen("galaxies")
    pieces = [len(piece) for piece in FORMATS[suffix].stream(selection, NOW)]
    body = [size for size in pieces if size > 2880][-3:]
    assert len(pieces) >= 4
    assert max(body) < 0.6 * sum(body)
    table = AstropyTable.read(
        io.BytesIO(written(selection, suffix)), format={"csv": "ascii.csv"}.get(suffix, suffix)
    )
    assert len(table) == 4500
    assert np.all(np.diff(table["z_our"]) > 0)


def test_fits_never_lies_about_its_rows(run: Run) -> None:
    columns = chosen("spectra").table.columns
    size = as_fits.Size(rows=3, widths={i: 10 for i, column in enumerate(columns) if column.kind == "str"})
    facts = json.loads(written(chosen("spectra"), "json"))
    with pytest.raises(ValueError, match="announces 3 rows, 0 came"):
        list(as_fits.write(columns, [], size=size, facts=facts))
    row = tuple("x" * 11 if column.kind == "str" else None for column in columns)
    with pytest.raises(ValueError, match="10 bytes were announced, not 11"):
        list(as_fits.write(columns, [[row]], size=size, facts=facts))


KINDS = (
    Column("s", "s", "s", "str", "text", ucd="meta.note"),
    Column("i", "i", "i", "int", "number", ucd="meta.number"),
    Column("x", "x", "x", "float", "length", "deg", "pos.angDistance"),
    Column("b", "b", "b", "bool", "truth", ucd="meta.code"),
)
FACTS = {"title": "t", "table": "t", "rows": 0, "date": "2026-11-22T12:00:00", "query": "", "catalogue": None,
         "run": None, "releases": [], "simulated": False, "simulated_templates": False, "creator": "g",
         "citation": []}  # fmt: skip
# PostgreSQL keeps no NUL and no lone surrogate; FITS strips trailing blanks.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT,
        st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(ROWS)
def test_any_values_survive_fits(rows: list[tuple[Any, ...]]) -> None:
    width = max([1, *(5 * len(row[0].encode()) - 4 * len(row[0]) for row in rows if row[0])])
    size = as_fits.Size(len(rows), {0: width})
    content = b"".join(as_fits.write(KINDS, [rows], size=size, facts=FACTS))
    assert len(content) % 2880 == 0
    table = AstropyTable.read(io.BytesIO(content), format="fits", character_as_bytes=False)
    for cells, row in zip(table, rows, strict=True):
        text = from_astropy(cells["s"], "str")
        assert (text or "").rstrip() == (as_fits_reads(row[0]) or "").rstrip()
        assert [from_astropy(cells[c.name], c.kind) for c in KINDS[1:]] == list(row[1:])


@settings(deadline=None)
@given(ROWS)
def test_any_values_survive_csv(rows: list[tuple[Any, ...]]) -> None:
    content = b"".join(as_csv.write(KINDS, [rows])).decode()
    read = list(csv.reader(io.StringIO(content, newline="")))[1:]
    for cells, (text, number, value, truth) in zip(read, rows, strict=True):
        assert cells[0] == (text or "")
        assert cells[1] == ("" if number is None else str(number))
        assert (cells[2] == "") if value is None else (float(cells[2]) == value)
        assert cells[3] == {None: "", True: "1", False: "0"}[truth]


def test_nan_is_missing() -> None:
    content = b"".join(as_csv.write(KINDS, [[("a", 1, math.nan, True)]])).decode()
    assert content == "s,i,x,b\r\na,1,,1\r\n"
