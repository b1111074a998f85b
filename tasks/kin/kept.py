"""Spectra that their senders asked to keep: stored under a secret token, for a time that is told."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from retrieval.readers import ObservedSpectrum
from tasks.models import KeptSpectrum

from .limits import LimitError
from .packing import pack

LARGEST = 2**20  # bytes of one, packed: ten times what a survey's spectrum takes
MOST = 2000  # kept at a time, whoever sent them

CHOICES = ("k", "configuration", "position", "run")
"""Parameters of a search that are kept with its spectrum."""


def kept_store(*, observed: ObservedSpectrum, choices: Mapping[str, str]) -> tuple[str, KeptSpectrum]:
    """Keep a spectrum and the choices of its search; gives the token, which is stored nowhere else.

    Raises LimitError where the spectrum is too large, or as many are kept as this portal keeps.
    """
    data = pack(observed)
    if len(data) > LARGEST:
        raise LimitError(413, 0, f"It takes {len(data) / 2**20:.1f} MB; at most 1 MB of a spectrum is kept.")
    if KeptSpectrum.objects.count() >= MOST:
        raise LimitError(503, 3600, f"{MOST} spectra are kept here, as many as this portal keeps.")
    token = secrets.token_urlsafe(16)
    kept = KeptSpectrum.objects.create(
        token_sha256=_digest(token),
        data=data,
        choices={name: choices[name] for name in CHOICES if choices.get(name)},
        expires_at=timezone.now() + timedelta(days=settings.KIN_KEPT_DAYS),
    )
    return token, kept


def kept_of(token: str) -> QuerySet[KeptSpectrum]:
    """The spectrum kept under a token, while its time lasts; none or one."""
    return KeptSpectrum.objects.filter(token_sha256=_digest(token), expires_at__gt=timezone.now())


def kept_delete(*, token: str) -> bool:
    """Delete what is kept under a token; whether there was anything."""
    return bool(kept_of(token).delete()[0])


def kept_expire() -> None:
    """Delete whatever has been kept long enough."""
    KeptSpectrum.objects.filter(expires_at__lte=timezone.now()).delete()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
