"""The column dictionary says nothing that the standards do not know."""

import pytest
from astropy.io.votable.ucd import check_ucd
from astropy.units import Unit

from catalog.columns import Column
from catalog.tables import TABLES, Table

EVERY = [pytest.param(c, id=f"{t.name}-{c.name}") for t in TABLES.values() for c in t.columns]


@pytest.mark.parametrize("column", EVERY)
def test_ucd_and_unit_are_of_the_vocabulary(column: Column) -> None:
    assert check_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=False), column.ucd
    if column.unit:
        Unit(column.unit, format="vounit")
        Unit(column.unit, format="fits")


@pytest.mark.parametrize("column", EVERY)
def test_text_fits_into_a_fits_header(column: Column) -> None:
    assert column.description
    assert f"{column.name}{column.description}".isascii()


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_names_are_unique_without_regard_to_case(table: Table) -> None:
    """FITS readers fold case (section 7.3.2)."""
    names = [column.name.lower() for column in table.columns]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_one_column_is_the_main_identifier(table: Table) -> None:
    names = [column.name for column in table.columns if column.ucd == "meta.id;meta.main"]
    assert names == {"refusals": [], "regions": ["WISE_Region"]}.get(table.name, ["file_LAMOST"])
