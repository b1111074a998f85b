"""What stands of the look-ups, stored on the candidates that lists, figures and counts read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from catalog.models import DECIDING, Candidate, Source

from .selectors import unlike


@transaction.atomic
def answers_store(*, sources: Collection[int], services: Sequence[str] = DECIDING) -> int:
    """Store on every candidate of some sources (ids) what stands of the services' answers about them.

    To be called in the transaction that writes look-ups of these sources, or makes candidates of them:
    nothing else changes what stands, as sources, snapshots and the release of a spectrum stay as they are.
    Returns how many candidates had something else stored.
    """
    sources_lock(sources=sources)
    chosen = [service for service in DECIDING if service in services]
    if not chosen:
        return 0
    candidates = Candidate.objects.filter(spectrum__source__in=sources)
    told = list(unlike(candidates=candidates, services=chosen))
    for candidate in told:
        for service in chosen:
            setattr(candidate, f"{service}_outcome", getattr(candidate, f"{service}_stands"))
            setattr(candidate, f"{service}_nearest_id", getattr(candidate, f"{service}_first"))
    fields = [f"{service}_{what}" for service in chosen for what in ("outcome", "nearest")]
    return Candidate.objects.bulk_update(told, fields, batch_size=500)


def sources_lock(*, sources: Collection[int]) -> None:
    """Hold some sources until the transaction ends, so that look-ups and new candidates of them wait.

    In one order, so that two who hold the same sources wait for each other, too.
    """
    held = Source.objects.select_for_update(no_key=True).filter(pk__in=sources)
    list(held.order_by("pk").values("pk"))
