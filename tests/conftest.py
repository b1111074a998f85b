"""The played services, and settings that lead to them without much patience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from catalog.counterparts import roads
from tests.catalog.counterparts.server import Sky, serving

hypothesis_settings.register_profile("untimed", deadline=None)  # no test asserts a time: machines differ
hypothesis_settings.load_profile("untimed")


@pytest.fixture
def sky(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sky]:
    with serving() as sky:
        settings.COUNTERPART_URLS = sky.urls
        settings.COUNTERPART_PATIENCE = (0.6, 2, 0.01)
        online = roads._online
        monkeypatch.setattr(roads, "_online", lambda *about: [hurried(road) for road in online(*about)])
        yield sky


def hurried(road: Any) -> Any:
    """The provider without its pause between calls, and with few places in each."""
    object.__setattr__(road, "interval", 0.0)
    object.__setattr__(road, "batch", 5)
    return road
