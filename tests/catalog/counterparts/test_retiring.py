"""Which snapshot is asked, retiring and restoring it, and deleting one that never answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from catalog.counterparts import plan, retiring
from catalog.counterparts.roads import newest_snapshot, roads
from catalog.models import CounterpartLookup, Snapshot, SnapshotObject
from tests import factories as f

pytestmark = pytest.mark.django_db


def held(release: str, dated: str, **fields: Any) -> Snapshot:
    about = {"service": "pn", "origin": "a file", "sha256": "ab" * 32, "n_objects": 200} | fields
    snapshot = Snapshot.objects.create(release=release, dated=dated, **about)
    SnapshotObject.objects.bulk_create(
        SnapshotObject(snapshot=snapshot, identifier=f"PN {n}", ra=n, dec=0.0, healpix=n) for n in range(200)
    )
    return snapshot


def asked(*, simulated: bool = False) -> Snapshot | None:
    return newest_snapshot(service="pn", simulated=simulated)


def test_the_newest_by_its_own_day_is_asked_whichever_was_loaded_last() -> None:
    newest = held("2026-11", "2026-11-02")
    held("2025-01", "2025-01-10")
    assert asked() == newest
    same_day = held("2026-11 corrected", "2026-11-02")
    assert asked() == same_day
    simulated = held("demo", "2020-01-01", simulated=True)
    assert (asked(), asked(simulated=True)) == (same_day, simulated)


def test_a_retired_one_is_asked_no_more_until_it_is_restored() -> None:
    user = f.UserFactory()
    old, new = held("2025-01", "2025-01-10"), held("2026-11", "2026-11-02")
    assert retiring.snapshot_retire(snapshot_id=new.pk, user=user).retired_by == user
    assert asked() == old
    with pytest.raises(ValidationError, match="is retired already, since"):
        retiring.snapshot_retire(snapshot_id=new.pk, user=user)
    retiring.snapshot_retire(snapshot_id=old.pk, user=user)
    assert asked() is None
    assert roads(service="pn", simulated=False) == []
    run = f.CandidateFactory(spectrum__release__simulated=False).run
    (fault,) = plan.faults(run=run, services=["pn"], radius_arcsec=3.0, snapshot_only=False)
    assert "No snapshot of planetary nebulae is loaded" in fault
    assert "restore" in fault
    restored = retiring.snapshot_restore(snapshot_id=new.pk)
    assert (restored.retired_at, restored.retired_by, asked()) == (None, None, new)
    with pytest.raises(ValidationError, match="is not retired"):
        retiring.snapshot_restore(snapshot_id=new.pk)


def test_what_it_answered_stays() -> None:
    snapshot = held("2026-11", "2026-11-02")
    f.CounterpartLookupFactory(service="pn", snapshot=snapshot, provider="snapshot")
    retiring.snapshot_retire(snapshot_id=snapshot.pk, user=f.UserFactory())
    assert CounterpartLookup.objects.get().snapshot == snapshot


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(f.UserFactory(is_staff=True, is_superuser=True))
    return client


def test_the_admin_retires_and_restores(operator: Client) -> None:
    snapshot, address = held("2026-11", "2026-11-02"), reverse("admin:catalog_snapshot_changelist")
    for action, retired, says in (
        ("retire", True, "is retired."),
        ("retire", True, "is retired already"),
        ("restore", False, "is restored."),
    ):
        page = operator.post(address, {"action": action, "_selected_action": [snapshot.pk]}, follow=True)
        assert says in page.content.decode()
        snapshot.refresh_from_db()
        assert (snapshot.retired_at is not None) == retired
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("answered", [False, True])
def test_deleting_counts_objects_and_keeps_what_answered(operator: Client, answered: bool) -> None:
    snapshot, other = held("2026-11", "2026-11-02"), held("2025-01", "2025-01-10")
    if answered:
        f.CounterpartLookupFactory(service="pn", snapshot=snapshot, provider="snapshot")
    address = reverse("admin:catalog_snapshot_delete", args=[snapshot.pk])
    page = operator.get(address).content.decode()
    assert "PN 17" not in page
    says = (
        "gave 1 answers that are kept, and they name it: retire it instead"
        if answered
        else "Snapshot objects: 200"
    )
    assert says in page
    operator.post(address, {"post": "yes"})
    assert Snapshot.objects.filter(pk=snapshot.pk).exists() == answered
    assert SnapshotObject.objects.filter(snapshot=snapshot).exists() == answered
    assert SnapshotObject.objects.filter(snapshot=other).count() == 200


def test_who_may_only_look_retires_nothing(client: Client) -> None:
    snapshot, user = held("2026-11", "2026-11-02"), f.UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_snapshot"))
    client.force_login(user)
    address = reverse("admin:catalog_snapshot_changelist")
    client.post(address, {"action": "retire", "_selected_action": [snapshot.pk]})
    assert client.get(reverse("admin:catalog_snapshot_delete", args=[snapshot.pk])).status_code == 403
    snapshot.refresh_from_db()
    assert snapshot.retired_at is None
