"""Services that speak TAP: one that takes a table of positions (SIMBAD, VizieR), one that does not (NED)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvo
from astropy.io.votable.exceptions import VOTableSpecWarning
from astropy.table import Table
from pyvo.dal.exceptions import DALOverflowWarning, DALServiceError

from .answers import Answer, Array, Names, ServiceError, believed
from .http import PatientSession

MOST_ROWS = 100_000


def tap_rows(url: str, query: str, uploads: Mapping[str, Table] | None = None) -> Table:
    """The rows of a synchronous query. Raises ServiceError; an answer cut off at its limit is a failure."""
    with PatientSession() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", VOTableSpecWarning)
        warnings.simplefilter("error", DALOverflowWarning)
        service = pyvo.dal.TAPService(url, session=session)
        try:
            result = service.run_sync(query, maxrec=MOST_ROWS, uploads=dict(uploads) if uploads else None)
            return result.to_table()
        except DALOverflowWarning as error:
            raise ServiceError(f"its answer was cut off at {MOST_ROWS} rows or fewer") from error
        except Exception as error:  # pyvo and astropy raise many types for an answer that is no table
            raise ServiceError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """In words: pyvo wraps whatever the session raised."""
    cause = error.__cause__ or error.__context__
    if known := next((e for e in (error, cause) if isinstance(e, ServiceError)), None):
        return str(known)
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return words if isinstance(error, DALServiceError) else f"its answer cannot be read: {words}"


def rows_of(table: Table, needed: list[str]) -> list[dict[str, Any]]:
    """The rows by column name, whatever its case. Raises ServiceError where a column is missing."""
    held = {name.lower(): name for name in table.colnames}
    if missing := [name for name in needed if name.lower() not in held]:
        raise ServiceError(
            f"its answer has no column {', '.join(missing)} (it has {', '.join(table.colnames)[:120]})"
        )
    columns = {name: table[held[name.lower()]] for name in needed}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(table))]


@dataclass(frozen=True)
class TapUpload:
    """A service that joins an uploaded table of positions to one of its tables.

    The join is an outer one, so that each position comes back at least once: one that does not was lost on
    the way, and is no "no match". ``reach_arcsec`` is how far extended objects are looked for.
    """

    service: str
    name: str
    release: str
    url: str
    table: str
    names: Names
    batch: int = 1000
    interval: float = 1.0
    reach_arcsec: float = 0.0
    snapshot_id: int | None = None

    def query(self, reach_arcsec: float) -> str:
        """ADQL; quoted where a catalogue's names need it."""
        table = f'"{self.table}"' if "/" in self.table else self.table
        columns = ", ".join(f"b.{name}" for name in self.names.columns)
        return (  # names are ours, from ``roads``
            f"SELECT p.place, {columns} FROM TAP_UPLOAD.places AS p LEFT OUTER JOIN {table} AS b "
            f"ON 1 = CONTAINS(POINT('ICRS', b.{self.names.ra}, b.{self.names.dec}), "
            f"CIRCLE('ICRS', p.ra, p.dec, {reach_arcsec / 3600:.9f}))"
        )

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        reach = max(radius_arcsec, self.reach_arcsec)
        places = Table({"place": np.arange(ra.size), "ra": ra, "dec": dec})
        table = tap_rows(self.url, self.query(reach), {"places": places})
        rows = rows_of(table, ["place", *self.names.columns])
        try:
            given = {int(row["place"]) for row in rows}
        except (TypeError, ValueError) as error:
            raise ServiceError("its answer does not number the places asked about") from error
        if given != set(range(ra.size)):
            lost = len(set(range(ra.size)) - given)
            raise ServiceError(f"its answer lacks {lost} of the {ra.size} places asked about, or adds others")
        held = [row for row in rows if not is_empty(row[self.names.identifier])]
        return believed(ra, dec, reach, radius_arcsec, [self.names.found(row) for row in held])


def is_empty(value: Any) -> bool:
    return value is np.ma.masked or value is None or str(value).strip() == ""


@dataclass(frozen=True)
class TapCones:
    """A service without uploads, asked by cones. It also counts the rows, so that a part is not the whole."""

    service: str
    name: str
    release: str
    url: str
    table: str
    names: Names
    batch: int = 100
    interval: float = 1.0
    snapshot_id: int | None = None

    def where(self, ra: Array, dec: Array, radius_arcsec: float) -> str:
        point = f"POINT('ICRS', {self.names.ra}, {self.names.dec})"
        return " OR ".join(
            f"CONTAINS({point}, CIRCLE('ICRS', {a:.7f}, {d:.7f}, {radius_arcsec / 3600:.9f})) = 1"
            for a, d in zip(ra.tolist(), dec.tolist(), strict=True)
        )

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        where = self.where(ra, dec, radius_arcsec)
        columns = ", ".join(self.names.columns)
        table = tap_rows(self.url, f"SELECT {columns} FROM {self.table} WHERE {where}")
        rows = rows_of(table, self.names.columns)
        counted = tap_rows(self.url, f"SELECT COUNT(*) AS n FROM {self.table} WHERE {where}")
        count = rows_of(counted, ["n"])
        if len(count) != 1 or int(count[0]["n"]) != len(rows):
            raise ServiceError(f"it gave {len(rows)} rows and counts {count[0]['n'] if count else 'none'}")
        return believed(ra, dec, radius_arcsec, radius_arcsec, [self.names.found(row) for row in rows])
