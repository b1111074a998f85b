"""Which snapshots are asked: one that is superseded or wrong is retired, and can be restored."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import Snapshot


@transaction.atomic
def snapshot_retire(*, snapshot_id: int, user: User) -> Snapshot:
    """Ask a snapshot no more. What it answered stays, until the sources are looked up again."""
    snapshot = _locked(snapshot_id)
    if snapshot.retired_at:
        raise ValidationError(f"{snapshot} is retired already, since {snapshot.retired_at:%Y-%m-%d}.")
    snapshot.retired_at, snapshot.retired_by = timezone.now(), user
    snapshot.save(update_fields=["retired_at", "retired_by"])
    return snapshot


@transaction.atomic
def snapshot_restore(*, snapshot_id: int) -> Snapshot:
    """Ask a retired snapshot again, where it is the newest of its service."""
    snapshot = _locked(snapshot_id)
    if not snapshot.retired_at:
        raise ValidationError(f"{snapshot} is not retired.")
    snapshot.retired_at = snapshot.retired_by = None
    snapshot.save(update_fields=["retired_at", "retired_by"])
    return snapshot


def _locked(snapshot_id: int) -> Snapshot:
    return Snapshot.objects.select_for_update(no_key=True).defer("coverage").get(pk=snapshot_id)
