"""Snapshots in the admin: what is held, which is asked, and deleting one that never answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.deleting import snapshot_kept_for
from catalog.deleting_admin import CountedDeletion
from catalog.models import Snapshot, SnapshotObject

from .retiring import snapshot_restore, snapshot_retire


@admin.register(Snapshot)
class SnapshotAdmin(CountedDeletion):
    """Snapshots are loaded by import_snapshot, and retired, restored and deleted here."""

    show_full_result_count = False
    list_display = (
        "service", "release", "dated", "n_objects", "whole_sky", "simulated", "retired_at", "origin",
        "loaded_at",
    )  # fmt: skip
    list_filter = ("service", "simulated", ("retired_at", admin.EmptyFieldListFilter))
    exclude = ("coverage",)
    actions = ("retire", "restore")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("catalog.change_snapshot"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        return super().get_queryset(request).defer("coverage")

    @admin.display(boolean=True, description="whole sky")
    def whole_sky(self, snapshot: Snapshot) -> bool:
        return snapshot.coverage_order is None

    @admin.action(description="Retire: ask the selected snapshots no more", permissions=["retire"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> None:
        user: Any = request.user
        self._each(request, queryset, "retired", lambda pk: snapshot_retire(snapshot_id=pk, user=user))

    @admin.action(description="Restore: ask the selected snapshots again", permissions=["retire"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> None:
        self._each(request, queryset, "restored", lambda pk: snapshot_restore(snapshot_id=pk))

    def _each(
        self, request: HttpRequest, rows: QuerySet[Snapshot], done: str, service: Callable[[int], Snapshot]
    ) -> None:
        """Do it to each, log it, and say what was done and what refused."""
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            try:
                snapshot = service(pk)
            except ValidationError as refused:
                self.message_user(request, " ".join(refused.messages), messages.WARNING)
            else:
                self.log_change(request, snapshot, done.capitalize())
                self.message_user(request, f"{snapshot} is {done}.", messages.SUCCESS)

    def counted(self, rows: list[Snapshot]) -> dict[str, int]:
        return {str(SnapshotObject._meta.verbose_name_plural): sum(held.n_objects for held in rows)}

    def kept(self, rows: list[Snapshot]) -> list[str]:
        return [words for snapshot in rows for words in snapshot_kept_for(snapshot=snapshot)]
