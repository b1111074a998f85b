"""What every page needs: the navigation, whether the portal holds simulated spectra, the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.selectors import origins_held

NAVIGATION = (
    ("galaxies", "Galaxies"),
    ("nebulae", "Nebulae"),
    ("regions", "Regions"),
    ("candidates", "Candidates"),
    ("spectra", "Spectra"),
    ("populations", "Populations"),
    ("kin", "Find kin"),
    ("figures", "Figures"),
    ("inspection", "Inspection"),
    ("catalogues", "Catalogues"),
    ("runs", "Runs"),
)


@dataclass(frozen=True)
class NavigationItem:
    url: str
    label: str
    here: bool


class Portal:
    """Read once a request, and only by pages that show it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.version = settings.VERSION

    @property
    def navigation(self) -> list[NavigationItem]:
        items = ((reverse(name), label) for name, label in NAVIGATION)
        return [NavigationItem(url, label, self.path.startswith(url)) for url, label in items]

    @cached_property
    def _origins(self) -> set[bool]:
        return origins_held()

    @property
    def simulated(self) -> bool:
        return True in self._origins

    @property
    def observed(self) -> bool:
        return False in self._origins


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"portal": Portal(request.path)}
