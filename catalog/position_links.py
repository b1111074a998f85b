"""Where else a position can be looked at: addresses for people to follow, never fetched by the portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

RADIUS_ARCSEC = 10
VIZIER_LAMOST = "V/156"  # LAMOST DR7


def position_links(*, ra: float, dec: float) -> list[tuple[str, str]]:
    """Name and address of each service at a position (ICRS, deg); cones are of 10 arcsec."""
    arcmin = f"{RADIUS_ARCSEC / 60:.3f}"
    services: dict[str, tuple[str, dict[str, Any]]] = {
        "SIMBAD": (
            "https://simbad.cds.unistra.fr/simbad/sim-coo",
            {
                "Coord": f"{ra:.6f} {dec:+.6f}", "CooFrame": "ICRS",
                "Radius": RADIUS_ARCSEC, "Radius.unit": "arcsec",
            },
        ),
        "NED": (
            "https://ned.ipac.caltech.edu/conesearch",
            {
                "search_type": "Near Position Search", "in_csys": "Equatorial", "in_equinox": "J2000",
                "coordinates": f"{ra:.6f}d {dec:+.6f}d", "radius": arcmin,
            },
        ),
        "SDSS": (
            "https://skyserver.sdss.org/dr18/VisualTools/explore/summary",
            {"ra": f"{ra:.6f}", "dec": f"{dec:.6f}"},
        ),
        "LAMOST (VizieR)": (
            "https://vizier.cds.unistra.fr/viz-bin/VizieR-4",
            {"-source": VIZIER_LAMOST, "-c": f"{ra:.6f} {dec:+.6f}", "-c.rs": RADIUS_ARCSEC},
        ),
        "Legacy Survey": (
            "https://www.legacysurvey.org/viewer",
            {
                "ra": f"{ra:.6f}", "dec": f"{dec:.6f}", "mark": f"{ra:.6f},{dec:.6f}",
                "layer": "ls-dr10", "zoom": 16,
            },
        ),
    }  # fmt: skip
    return [(name, f"{address}?{urlencode(query)}") for name, (address, query) in services.items()]
