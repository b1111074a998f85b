"""Refused files by the names that people give."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from django.db.models import CharField, F, Func, QuerySet, Value

from catalog.models import Refusal

# A file is refused under its way through folders and archives: a/b.zip: c/spec-1.fits.gz is spec-1.
_LAST = Func(
    F("file"), Value("^(.*: )?(.*/)?"), Value(""), function="regexp_replace", output_field=CharField()
)
_NAME = Func(
    _LAST, Value(r"(\.fits?)?(\.gz)?$"), Value(""), Value("i"),
    function="regexp_replace", output_field=CharField(),
)  # fmt: skip


def refused_named(names: Set[str]) -> QuerySet[Any]:
    """Refusals of files of these names, without folder, .fits and .gz; each with its ``name``."""
    return Refusal.objects.annotate(name=_NAME).filter(name__in=names).order_by()
