"""The admin's page before a deletion: counted, where Django's own would load and list every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

LISTED = 20


class CountedDeletion(admin.ModelAdmin):
    """An administration says what goes by ``counted`` and what stands against it by ``kept``."""

    def counted(self, rows: list[Any]) -> Mapping[str, int]:
        """How many rows of what else go with these."""
        return {}

    def kept(self, rows: list[Any]) -> list[str]:
        """Why these rows cannot be deleted, in words; empty where they can."""
        return []

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """The rows by name, the first of many; counts; the right that is missing; what stands against it."""
        rows, meta = list(objs), self.model._meta
        told = [str(row) for row in rows[:LISTED]]
        if len(rows) > LISTED:
            told.append(f"and {len(rows) - LISTED:,} more")
        counts = {str(meta.verbose_name_plural): len(rows)} | {
            what: n for what, n in self.counted(rows).items() if n
        }
        lacking = set() if self.has_delete_permission(request) else {str(meta.verbose_name)}
        return told, counts, lacking, self.kept(rows)
