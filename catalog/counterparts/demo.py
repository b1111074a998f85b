"""Simulated snapshots, made from the truth of the simulated spectra that are held; never about real ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from astropy_healpix import HEALPix

from catalog.models import Service, Snapshot, Truth
from retrieval.simulate.counterparts import Object, counterpart_tables

from .coverage import COVERAGE_ORDER, Coverage
from .loading import snapshot_load

RELEASE = "demonstration"
ORIGIN = "simulated from the truth of the simulated survey: no service holds these objects"
SOUTHERN_LIMIT = 10.0
"""Declination (deg) below which the simulated SDSS never looked, so that some galaxies stay undecided."""


def demo_snapshots(*, folder: Path) -> list[Snapshot]:
    """Write simulated catalogues into a folder and load each as a snapshot; those held already are left."""
    held = set(Snapshot.objects.filter(release=RELEASE).values_list("service", flat=True))
    folder.mkdir(parents=True, exist_ok=True)
    loaded = []
    for service, table in counterpart_tables(simulated_objects()).items():
        if service in held or not len(table):
            continue
        if service == Service.SDSS:
            table = table[table["dec"] > SOUTHERN_LIMIT]
        path = folder / f"{service}.ecsv"
        table.write(path, format="ascii.ecsv", overwrite=True)
        loaded.append(
            snapshot_load(
                path=path,
                service=service,
                release=RELEASE,
                dated=date.today(),
                origin=ORIGIN,
                coverage=north_of(SOUTHERN_LIMIT) if service == Service.SDSS else None,
                simulated=True,
            )
        )
    return loaded


def simulated_objects() -> list[Object]:
    """Each simulated source once, by position: what its first spectrum shows."""
    rows = (
        Truth.objects.filter(spectrum__release__simulated=True, spectrum__source__isnull=False)
        .order_by("spectrum__source", "spectrum")
        .distinct("spectrum__source")
        .values_list("spectrum__source__ra", "spectrum__source__dec", "kind", "z")
    )
    return sorted((Object(ra, dec, kind, z or 0.0) for ra, dec, kind, z in rows), key=lambda o: (o.ra, o.dec))


def north_of(declination: float) -> Coverage:
    """The sky north of a declination (degrees)."""
    sphere = HEALPix(1 << COVERAGE_ORDER, order="nested")
    pixels = np.arange(sphere.npix, dtype=np.int64)
    _, dec = sphere.healpix_to_lonlat(pixels)
    return Coverage(COVERAGE_ORDER, pixels[dec.deg > declination])
