"""A range of any numeric column as a filter: ``within=column:from:to``, as often as wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from .columns import Column, numbers_of

EXAMPLE = "mag_g:14:18, or snr_r:10: for an open end"


@dataclass(frozen=True)
class Within:
    """Both ends belong to the range; None is open."""

    column: Column
    low: float | None
    high: float | None

    @property
    def text(self) -> str:
        """As in an address; every digit of both ends is kept."""
        return ":".join(
            (self.column.name, *("" if end is None else f"{end!r}" for end in (self.low, self.high)))
        )

    @property
    def words(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.column.heading} {self.low:g} to {self.high:g}"
        return f"{self.column.heading} " + (
            f"from {self.low:g}" if self.high is None else f"to {self.high:g}"
        )

    def applied(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        ends = {f"{self.column.path}__gte": self.low, f"{self.column.path}__lte": self.high}
        return rows.filter(**{end: value for end, value in ends.items() if value is not None})


def number_of(text: str) -> float | None:
    """A typed end of a range; None where it is empty. Raises ValueError, in words."""
    typed = text.strip().replace("−", "-")
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"“{text}” is not a number.")
    return value


class WithinField(forms.Field):
    """Several ranges, parsed."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, columns: tuple[Column, ...], **kwargs: Any) -> None:
        self.columns = {column.name: column for column in columns}
        super().__init__(**kwargs)

    def clean(self, value: list[str] | str | None) -> list[Within]:
        value = [value] if isinstance(value, str) else value
        return [self.parse(text) for text in value or [] if text]

    def parse(self, text: str) -> Within:
        """Raises ValidationError, which says what is wrong and shows an example."""
        name, *ends = (part.strip() for part in text.split(":"))
        if name not in self.columns:
            raise ValidationError(
                f"There is no numeric column “{name}” here; there are {', '.join(self.columns)}."
            )
        try:
            low, high = map(number_of, ends)
        except ValueError as error:
            raise ValidationError(f"“{text}” is not a range; type {EXAMPLE}.") from error
        if low is None and high is None:
            raise ValidationError(f"“{text}” has no end; type {EXAMPLE}.")
        if low is not None and high is not None and low > high:
            raise ValidationError(f"“{text}” begins above its end.")
        return Within(self.columns[name], low, high)


class WithinFilter(filters.Filter):
    """Ranges of the numeric columns of a table (see ``numbers_of``); a row must lie in all of them."""

    field_class = WithinField

    def __init__(self, columns: Iterable[Column]) -> None:
        super().__init__(
            label="Range of any column",
            columns=numbers_of(columns),
            help_text=f"column:from:to, such as {EXAMPLE}",
        )

    def filter(self, qs: QuerySet[Any], value: list[Within] | None) -> QuerySet[Any]:
        for one in value or []:
            qs = one.applied(qs)
        return qs
