"""How much anybody may ask of this portal: searches a minute of one address, and searches at a time."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

MINUTE = 60
WAIT = 1.0
"""Seconds that a search waits for a place before its sender is asked to come again."""
COME_AGAIN = 3
"""Seconds after which a place is likely to be free: a warm search takes less than two."""


class LimitError(Exception):
    """A limit is reached: `status` of HTTP, seconds after which to try again, and words."""

    def __init__(self, status: int, retry_after: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class _Places:
    """Places for searches in this process."""

    def __init__(self) -> None:
        self._taken = 0
        self._free = threading.Condition()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place. Raises LimitError where none gets free in time."""
        with self._free:
            if not self._free.wait_for(lambda: self._taken < settings.KIN_AT_ONCE, WAIT):
                raise LimitError(
                    503,
                    COME_AGAIN,
                    f"{settings.KIN_AT_ONCE} searches are under way here, as many as this portal does at "
                    f"once. Try again in {COME_AGAIN} seconds.",
                )
            self._taken += 1
        try:
            yield
        finally:
            with self._free:
                self._taken -= 1
                self._free.notify()


PLACES = _Places()


def searches_count(request: HttpRequest) -> None:
    """Count a search of the visitor's address. Raises LimitError beyond those of a minute.

    The count stands in the broker under a keyed hash of the address, for a minute at most. Without the broker
    nobody is counted: the places still bound the work.
    """
    now = int(time.time())
    key = f"kin:{_fingerprint(visitor_address(request))}:{now // MINUTE}"
    try:
        client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=0.5)
        with client, client.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, MINUTE)
            count = pipe.execute()[0]
    except redis.RedisError as error:
        logger.warning("searches are not counted: %s", error)
        return
    if count > settings.KIN_PER_MINUTE:
        seconds = MINUTE - now % MINUTE
        raise LimitError(
            429,
            seconds,
            f"Your address has asked for {settings.KIN_PER_MINUTE} searches within a minute, as many as it "
            f"may. Try again in {seconds} seconds.",
        )


def visitor_address(request: HttpRequest) -> str:
    """The visitor's address, as the outermost trusted proxy saw it; the network of a version 6 one."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.PROXIES:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        seen = forwarded[-settings.PROXIES :][0]
        address = seen or address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(parsed)


def _fingerprint(address: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:24]
