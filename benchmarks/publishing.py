"""Publishing a run of the paper's size, and downloading it: time and memory.

    python -m benchmarks.publishing

16,188 candidates (5,828 galaxies and 4,438 nebulae kept, 1,782 of them for Table 2), two votes on each,
three answers for each galaxy, 8,412 regions, twelve codebooks of their full size, in a database of its own
that goes with the benchmark. One JSON object a step: seconds by the clock and of the process's own work,
bytes, and the largest resident memory of a process that does nothing else, less that of one that only starts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

CANDIDATES, GALAXIES, NEBULAE, TABLE_2 = 16_188, 5_828, 4_438, 1_782
REGIONS = 8_412
CONFIGURATIONS = (
    (2, 25, 100), (2, 50, 200), (2, 100, 400), (2, 250, 800), (2, 500, 1600), (2, 1250, 3200),
    (1, 50, 200), (1, 100, 400), (1, 200, 800), (1, 500, 800), (1, 500, 1600), (1, 1000, 3200),
)  # fmt: skip
LIVING = ("galaxies", "nebulae", "candidates", "inspected", "votes")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", nargs="*", help=argparse.SUPPRESS)  # what a child process does
    asked = parser.parse_args().step
    if asked:
        _child(asked)
        return
    from portal.services import DataDir, services_for

    with (
        tempfile.TemporaryDirectory(prefix="glowworm-publishing-") as folder,
        services_for(DataDir(Path(folder))) as session,
    ):
        os.environ |= {
            "DATA_DIR": folder, "DATABASE_URL": session.database_url, "REDIS_URL": session.redis_url,
        }  # fmt: skip
        least = _run("start")["peak_mib"]
        _run("make")
        for step in _steps():
            done = _run(*step)
            done["peak_mib"] = round(done["peak_mib"] - least)
            print(json.dumps(done), flush=True)


def _steps() -> Iterator[tuple[str, ...]]:
    yield ("publish",)
    for suffix in ("csv", "fits", "vot", "ecsv", "parquet"):
        for table in LIVING:
            yield "download", table, suffix
    yield ("compare",)


def _run(*step: str) -> dict[str, Any]:
    out = subprocess.run(
        [sys.executable, "-m", "benchmarks.publishing", *step], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return dict(json.loads(out.splitlines()[-1]))


def _child(step: list[str]) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    django.setup()
    begun, started = time.perf_counter(), time.process_time()
    told = {"start": dict, "make": make, "publish": publish, "download": download, "compare": compare}[
        step[0]
    ](*step[1:])
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB here
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20
    seconds = round(time.perf_counter() - begun, 2)
    own = round(time.process_time() - started, 2)
    print(json.dumps({"step": " ".join(step), "seconds": seconds, "own": own, **told, "peak_mib": peak}))


def publish() -> dict[str, Any]:
    """Publish the run."""
    from catalog.models import Run
    from catalog.publishing.services import catalogue_publish

    done = catalogue_publish(run=Run.objects.get())
    files = list(done.files.values_list("size", flat=True))
    rows = {name: getattr(done, f"n_{name}") for name in ("galaxies", "nebulae", "candidates", "unclear")}
    return {**rows, "files": len(files), "bytes": sum(files)}


def download(table: str, suffix: str) -> dict[str, Any]:
    """A whole living list in one format, as a download streams it; ``first`` is when its first bytes came."""
    from django.http import QueryDict
    from django.utils import timezone

    from catalog.downloads.selection import select
    from catalog.downloads.stream import FORMATS
    from catalog.tables import TABLES

    begun = time.perf_counter()
    size, first = 0, None
    for piece in FORMATS[suffix].stream(select(table=TABLES[table], params=QueryDict()), timezone.now()):
        first = first or round(time.perf_counter() - begun, 2)
        size += len(piece)
    return {"first": first, "bytes": size}


def compare() -> dict[str, Any]:
    """Publish once more and compare the two."""
    from catalog.models import Run
    from catalog.publishing.compare import catalogue_compare
    from catalog.publishing.services import catalogue_publish

    after = catalogue_publish(run=Run.objects.get())
    begun = time.perf_counter()
    found = catalogue_compare(before=after.__class__.objects.get(pk=1), after=after)
    return {
        "comparing": round(time.perf_counter() - begun, 2),
        "differences": sum(len(one.differences) for one in found),
    }


def make() -> dict[str, Any]:
    """Fill an empty database: valid by its constraints, values drawn at random."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone

    from catalog import models as m
    from catalog.counterparts.storing import answers_store
    from catalog.positions import equatorial, galactic, healpix29

    call_command("migrate", verbosity=0)
    rng, now = np.random.default_rng(1), timezone.now()
    release = m.Release.objects.create(slug="lamost-dr7", name="LAMOST DR7", survey="LAMOST")
    run = m.Run.objects.create(
        profile=m.Run.Profile.LU2022, code_version="0", completed_at=now, region_version="V2.2"
    )
    for number, (step, segments, centers) in enumerate(CONFIGURATIONS):
        codebook = m.Codebook.objects.create(
            run=run, number=number, step=step, segments=segments, centers=centers, trained_at=now,
            encoded_at=now,
        )  # fmt: skip
        width = 5000 // step // segments
        blocks = np.array_split(np.arange(segments), max(1, segments * centers * width * 4 >> 24))
        m.CodebookBlock.objects.bulk_create(
            m.CodebookBlock(
                codebook=codebook, first_segment=int(some[0]), segments=len(some),
                data=rng.bytes(len(some) * centers * width * 4), inertias=[0.0] * len(some),
                iterations=[1] * len(some), gains=[0.0] * len(some),
            )
            for some in blocks
        )  # fmt: skip
    glon, glat = rng.uniform(0, 360, REGIONS), rng.normal(0, 2, REGIONS)
    ra, dec = equatorial(glon, glat)
    regions = m.HIIRegion.objects.bulk_create(
        m.HIIRegion(
            version="V2.2", name=f"G{n:07.3f}", catalog="KGCQ"[n % 4], glon=glon[n], glat=glat[n], ra=ra[n],
            dec=dec[n], healpix=pixel, radius_arcsec=100.0,
        )
        for n, pixel in enumerate(healpix29(ra, dec).tolist())
    )  # fmt: skip
    ra = rng.uniform(0, 360, CANDIDATES)
    dec = np.degrees(np.arcsin(rng.uniform(-0.17, 0.86, CANDIDATES)))
    glon, glat = galactic(ra, dec)
    places = [
        {"ra": a, "dec": d, "glon": lon, "glat": lat, "healpix": pixel}
        for a, d, lon, lat, pixel in zip(
            *(column.tolist() for column in (ra, dec, glon, glat, healpix29(ra, dec))), strict=True
        )
    ]
    sources = m.Source.objects.bulk_create((m.Source(**place) for place in places), batch_size=2000)
    spectra = m.Spectrum.objects.bulk_create(
        (
            m.Spectrum(
                release=release, source=source, name=f"spec-56649-GAC078N31M1_sp{n % 16:02d}-{n:05d}",
                obsid=10**8 + n, cls="Unknown", mjd=56649, plan_id="GAC078N31M1", spectrograph=n % 16,
                fiber=n % 250, snr_r=rng.exponential(8), flux_unit="relative", role="unknown", **place,
            )
            for n, (source, place) in enumerate(zip(sources, places, strict=True))
        ),
        batch_size=2000,
    )  # fmt: skip
    candidates = m.Candidate.objects.bulk_create(
        (_candidate(run, spectrum, n, regions, rng, now) for n, spectrum in enumerate(spectra)),
        batch_size=2000,
    )
    inspectors = [
        m.Inspector.objects.create(user=User.objects.create(username=name)) for name in ("ann", "ben", "cleo")
    ]
    m.Vote.objects.bulk_create(
        (
            m.Vote(
                candidate=one, inspector=inspectors[(n + turn) % 3], seen_class=one.kind,
                verdict="keep" if one.inspection_state == "kept" else "reject", seconds=5.0,
            )
            for n, one in enumerate(candidates)
            for turn in range(2)
        ),
        batch_size=2000,
    )  # fmt: skip
    lookups = m.CounterpartLookup.objects.bulk_create(
        (
            m.CounterpartLookup(
                source=source, service=service, release="2026-11", provider="a road", radius_arcsec=3.0,
                ra=source.ra, dec=source.dec, asked_at=now,
                outcome="matched" if rng.random() < 0.7 else "no-match",
            )
            for source in sources[:GALAXIES]
            for service in m.DECIDING
        ),
        batch_size=2000,
    )  # fmt: skip
    m.Counterpart.objects.bulk_create(
        (
            m.Counterpart(
                lookup=lookup, identifier=str(1237648720693755918 + turn), object_type="G", ra=lookup.ra,
                dec=lookup.dec, separation_arcsec=0.5 + turn, z=0.1,
            )
            for lookup in lookups
            if lookup.outcome == "matched"
            for turn in range(2)
        ),
        batch_size=2000,
    )  # fmt: skip
    answers_store(sources=[source.pk for source in sources[:GALAXIES]])
    return {"candidates": len(candidates), "lookups": len(lookups)}


def _candidate(
    run: Any, spectrum: Any, n: int, regions: list[Any], rng: np.random.Generator, now: Any
) -> Any:
    """Galaxies first, then nebulae, then what inspection rejects."""
    from catalog.models import Candidate

    kind = "nebula" if GALAXIES <= n < GALAXIES + NEBULAE else "galaxy"
    z = rng.normal(0, 3e-4) if kind == "nebula" else rng.uniform(0.01, 0.35)
    in_table, inside = n < GALAXIES + TABLE_2, n % 2 == 0
    nebula = {
        "nebula_state": "H II-like" if in_table else "undetermined",
        "new_found": not inside if in_table else None,
        "region": regions[n // 25 % len(regions)] if in_table and inside else None,
    }
    return Candidate(
        run=run, spectrum=spectrum, kind=kind, z_cl=z, z_rt=z + 2e-4, velocity_kms=299792.458 * z, n_lines=4,
        n_configurations=n % 12 + 1, measured_at=now, log_nii_ha=rng.normal(-0.4, 0.2), log_nii_ha_err=0.02,
        log_sii_ha=rng.normal(-0.3, 0.2), log_sii_ha_err=0.02, log_oiii_hb=rng.normal(0, 0.3),
        log_oiii_hb_err=0.03, snr_min=7.0,
        inspection_state="kept" if n < GALAXIES + NEBULAE else "rejected",
        **(nebula if kind == "nebula" else {"bpt_class": "star-forming"}),
    )  # fmt: skip


if __name__ == "__main__":
    main()
