"""HTTP with patience: time limits, retries with backoff and jitter, whole answers of bounded size."""

from __future__ import annotations

import io
import random
import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from django.conf import settings

from .answers import ServiceError

AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be gone at the next attempt."""
LARGEST = 64 * 1024 * 1024
PIECE = 64 * 1024
CONNECT_SECONDS = 10.0
LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Patience:
    """Seconds that one attempt may take in all, how many there are, seconds of the first pause between."""

    seconds: float
    attempts: int
    backoff: float


class PatientSession(requests.Session):
    """A session whose answers come whole or not at all. Raises ServiceError where none comes."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = Patience(*settings.COUNTERPART_PATIENCE)
        self.headers["User-Agent"] = f"glowworm/{settings.VERSION} (spectra catalogue; python-requests)"

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        if files := options.get("files"):  # read once, for an attempt leaves a file at its end
            options["files"] = {
                name: (name, file.read() if hasattr(file, "read") else file) for name, file in files.items()
            }
        reason, asked = "", 0.0
        for attempt in range(self.patience.attempts):
            if attempt:
                time.sleep(self._pause(attempt, asked))
            asked = 0.0
            try:
                response = self._once(method, url, options)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                reason = in_words(error)
                continue
            if response.status_code not in AGAIN:
                return response
            reason = f"it answered {response.status_code} {response.reason}"
            asked = _seconds(response.headers.get("Retry-After", ""))
        raise ServiceError(f"{reason}, at the last of {self.patience.attempts} attempts")

    def _once(self, method: Any, url: Any, options: dict[str, Any]) -> requests.Response:
        """One attempt, read to its end under one limit of time: a trickle does not renew it."""
        limit = self.patience.seconds
        ends = time.monotonic() + limit
        # A connection stands soon or never; an answer may take the service a while to begin.
        waits = (min(CONNECT_SECONDS, limit), limit)
        response = super().request(method, url, **(options | {"stream": True, "timeout": waits}))
        content = io.BytesIO()
        with response:
            while piece := response.raw.read1(PIECE, decode_content=True):
                content.write(piece)
                if content.tell() > LARGEST:
                    raise ServiceError(f"its answer is larger than {LARGEST // 2**20} MB")
                if time.monotonic() > ends:
                    raise requests.Timeout(f"it took longer than {limit:g} s")
        response._content = content.getvalue()
        # Readers of the raw stream find the whole answer there, decoded.
        response.raw = urllib3.HTTPResponse(
            io.BytesIO(response._content), status=response.status_code, preload_content=False
        )
        return response

    def _pause(self, attempt: int, asked: float) -> float:
        backoff = self.patience.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
        return min(max(backoff, asked), LONGEST_WAIT)


def in_words(error: Exception) -> str:
    """A failure of the network in a few words."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError):
        return "it broke off its answer"
    if isinstance(error, requests.ConnectionError):
        return "it could not be reached"
    return f"{type(error).__name__}: {error}"[:200]


def checked(response: requests.Response) -> str:
    """The text of an answer. Raises ServiceError for any status but 200."""
    if response.status_code != 200:
        raise ServiceError(f"it answered {response.status_code} {response.reason}")
    return response.content.decode("utf-8", errors="replace")


def _seconds(header: str) -> float:
    return float(header) if header.isdigit() else 0.0
