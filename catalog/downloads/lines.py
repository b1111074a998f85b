"""Lines of CSV as they come, for tables that are not lists of the catalogue."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import StreamingHttpResponse

from catalog.figures.drawing import Data


class _Line:
    """What csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(data: Data) -> Iterator[str]:
    write = csv.writer(_Line()).writerow
    yield write(data.headings)
    yield from (write(row) for row in data.rows)


def csv_response(data: Data, name: str) -> StreamingHttpResponse:
    """A line of names, then the rows, as a file of that name."""
    response = StreamingHttpResponse(_lines(data), content_type="text/csv; charset=utf-8; header=present")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
