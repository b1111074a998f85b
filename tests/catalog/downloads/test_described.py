"""VOTable, ECSV and Parquet: written, then read back by astropy, STILTS and Arrow, with all that they say."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import votable
from astropy.io.votable.exceptions import VOWarning
from astropy.table import Table as AstropyTable
from django.http import QueryDict
from hypothesis import given, settings
from pyarrow import parquet

from catalog.downloads import as_ecsv, as_parquet, as_votable
from catalog.downloads.selection import Selection, select
from catalog.downloads.stream import FORMATS
from catalog.models import Run
from catalog.tables import TABLES

from .conftest import BIG
from .test_formats import FACTS, KINDS, ROWS, expected, from_astropy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = list(TABLES)


def write(name: str, suffix: str, folder: Path) -> tuple[Selection, Path]:
    selection = select(table=TABLES[name], params=QueryDict(""))
    path = folder / f"table.{suffix}"
    path.write_bytes(b"".join(FORMATS[suffix].stream(selection, NOW)))
    return selection, path


def read(path: Path) -> AstropyTable:
    if path.suffix == ".vot":
        with warnings.catch_warnings():
            warnings.simplefilter("error", VOWarning)
            return votable.parse_single_table(path, verify="exception").to_table(use_names_over_ids=True)
    return AstropyTable.read(path, format={".ecsv": "ascii.ecsv", ".parquet": "parquet"}[path.suffix])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["vot", "ecsv", "parquet"])
def test_in_astropy(run: Run, tmp_path: Path, name: str, suffix: str) -> None:
    selection, path = write(name, suffix, tmp_path)
    table = read(path)

    rows = expected(selection)
    assert len(table) == len(rows) >= 1
    assert table.colnames == [column.name for column in selection.table.columns]
    for column in selection.table.columns:
        told = table[column.name]
        assert str(told.unit or "").replace(" ", "") == column.unit
        assert told.description == column.description
        assert told.meta["ucd"] == column.ucd
        wanted = [None if row[column.name] == "" else row[column.name] for row in rows]
        if suffix == "parquet" and column.kind in ("int", "bool") and None in wanted:
            cells = [None if math.isnan(cell) else cell for cell in told]  # a column with gaps, as floats
            assert cells == [None if value is None else float(value) for value in wanted], column.name
        else:
            assert [from_astropy(cell, column.kind) for cell in told] == wanted, column.name


@pytest.mark.parametrize("name", NAMES)
def test_parquet_in_arrow(run: Run, tmp_path: Path, name: str) -> None:
    """Arrow, and pandas and polars with it, keep nulls and all 64 bits."""
    selection, path = write(name, "parquet", tmp_path)
    table = parquet.read_table(path)
    for column in selection.table.columns:
        wanted = [row[column.name] for row in expected(selection)]
        wanted = [value or "" if column.kind == "str" else value for value in wanted]
        assert table[column.name].to_pylist() == wanted, column.name
        about = table.schema.field(column.name).metadata
        assert {
            key.decode(): value.decode() for key, value in about.items() if key != b"PARQUET:field_id"
        } == {
            "description": column.description,
            "unit": column.unit,
            "ucd": column.ucd,
        }


def test_64_bits(run: Run, tmp_path: Path) -> None:
    _, path = write("spectra", "parquet", tmp_path)
    assert BIG in parquet.read_table(path)["obsid"].to_pylist()
    for suffix in ("vot", "ecsv"):
        assert BIG in list(read(write("spectra", suffix, tmp_path)[1])["obsid"].filled(0))
        _, path = write("galaxies", suffix, tmp_path)
        assert "1237648720693755918" in list(read(path)["SDSS_id"].filled(""))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "fmt"), [("vot", "votable"), ("ecsv", "ecsv")])
def test_in_stilts(
    run: Run, tmp_path: Path, stilts: Callable[..., str], name: str, suffix: str, fmt: str
) -> None:
    selection, path = write(name, suffix, tmp_path)
    columns = selection.table.columns
    text = stilts("tpipe", f"in={path}", f"ifmt={fmt}", "omode=out", "ofmt=csv", "out=-")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == [column.name for column in columns]
    for cells, row in zip(lines[1:], expected(selection), strict=True):
        for column, cell in zip(columns, cells, strict=True):
            value = row[column.name]
            if value is None or value == "":
                assert cell == "", column.name
            elif column.kind == "str":
                assert cell in (value, value.encode().decode("latin-1")), column.name
            elif column.kind == "bool":
                assert int(cell) == value
            else:
                assert {"float": float, "int": int}[column.kind](cell) == value
    told = stilts(
        "tpipe", f"in={path}", f"ifmt={fmt}", "cmd=meta name units description", "ofmt=csv", "out=-"
    )
    # astropy, which writes the header of an ECSV, spells km/s with spaces
    said = [[name, unit.replace(" ", ""), text] for name, unit, text in csv.reader(io.StringIO(told))]
    assert said[1:] == [[column.name, column.unit, column.description] for column in columns]
    if suffix == "vot":
        told = stilts("tpipe", f"in={path}", f"ifmt={fmt}", "cmd=meta ucd", "ofmt=csv", "out=-")
        assert told.split()[1:] == [column.ucd for column in columns]
        assert stilts("votlint", f"votable={path}", "ucd=true", "unit=true") == ""


def test_they_tell_where_they_come_from(run: Run, tmp_path: Path) -> None:
    _, path = write("galaxies", "vot", tmp_path)
    document = votable.parse(path)
    info = {item.name: item.value for item in document.resources[0].infos}
    assert (info["RUN"], info["PROFILE"], info["SEED"]) == (str(run.pk), "lu2022", str(BIG))
    assert info["SIMULATE"] == "false"
    assert json.loads(info["QUERIES"]) == run.query_selection
    table = document.get_first_table()
    assert (table.name, table.nrows) == ("galaxies", 3)
    frames = {field.name: field.ref for field in table.fields if field.ref}
    assert frames == {"ra": "icrs", "dec": "icrs"}

    _, path = write("galaxies", "ecsv", tmp_path)
    meta = read(path).meta
    assert meta["run"]["number"] == run.pk
    assert meta["run"]["query_selection"] == run.query_selection
    assert meta["releases"] == ["LAMOST DR7"]

    _, path = write("galaxies", "parquet", tmp_path)
    assert read(path).meta["run"]["number"] == run.pk
    metadata = parquet.read_schema(path).metadata
    assert metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    inside = votable.parse(io.BytesIO(metadata[b"IVOA.VOTable-Parquet.content"]))
    assert {item.name: item.value for item in inside.resources[0].infos} == info
    fields = inside.get_first_table().fields
    assert [(field.name, str(field.unit or ""), field.ucd) for field in fields] == [
        (column.name, column.unit, column.ucd) for column in TABLES["galaxies"].columns
    ]


def blanks(text: str | None) -> str:
    """Text but for the white space and control characters that XML and YAML readers fold."""
    return "".join((text or "").split())


@settings(deadline=None)
@given(ROWS)
def test_any_values_survive_votable(rows: list[tuple[Any, ...]]) -> None:
    content = b"".join(as_votable.write(KINDS, [rows], facts=FACTS))
    table = votable.parse_single_table(io.BytesIO(content)).to_table(use_names_over_ids=True)
    for cells, row in zip(table, rows, strict=True):
        text = as_votable.NOT_XML.sub(lambda found: ascii(found.group())[1:-1], row[0] or "")
        assert blanks(from_astropy(cells["s"], "str")) == blanks(text)
        assert [from_astropy(cells[c.name], c.kind) for c in KINDS[1:]] == list(row[1:])


@settings(deadline=None)
@given(ROWS)
def test_any_values_survive_ecsv(rows: list[tuple[Any, ...]]) -> None:
    content = b"".join(as_ecsv.write(KINDS, [rows], facts=FACTS)).decode()
    header, _, body = content.partition("\ns,i,x,b\r\n")
    assert header.startswith("# %ECSV 1.0")
    for cells, (text, number, value, truth) in zip(
        csv.reader(io.StringIO(body, newline="")), rows, strict=True
    ):
        assert cells[0] == (text or "")
        assert cells[1:] == [
            "" if number is None else str(number),
            "" if value is None else str(value),
            {None: "", True: "1", False: "0"}[truth],
        ]


@settings(deadline=None)
@given(ROWS)
def test_any_values_survive_parquet(rows: list[tuple[Any, ...]]) -> None:
    content = b"".join(as_parquet.write(KINDS, [[row] for row in rows], widths={0: 20}, facts=FACTS))
    table = parquet.read_table(io.BytesIO(content))
    assert [tuple(row.values()) for row in table.to_pylist()] == [(row[0] or "", *row[1:]) for row in rows]


def test_nan_is_missing_everywhere() -> None:
    row = ("a", 1, math.nan, True)
    assert b"<TD>1</TD><TD/><TD>1</TD>" in b"".join(as_votable.write(KINDS, [[row]], facts=FACTS))
    assert b"".join(as_ecsv.write(KINDS, [[row]], facts=FACTS)).endswith(b"a,1,,1\r\n")
    content = b"".join(as_parquet.write(KINDS, [[row]], widths={0: 1}, facts=FACTS))
    assert parquet.read_table(io.BytesIO(content))["x"].to_pylist() == [None]


@pytest.mark.parametrize("suffix", ["vot", "ecsv", "parquet"])
def test_it_is_a_stream(many: Run, tmp_path: Path, suffix: str) -> None:
    selection = select(table=TABLES["galaxies"], params=QueryDict(""))
    pieces = list(FORMATS[suffix].stream(selection, NOW))
    assert len(pieces) >= {"parquet": 2}.get(suffix, 4)
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(b"".join(pieces))
    table = read(path)
    assert len(table) == 4500
    assert np.all(np.diff(table["z_our"]) > 0)
