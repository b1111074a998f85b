"""Populations at size: the database's counts and points, and Chromium drawing and moving 20,000 points.

    python -m benchmarks.populations [--rows 200000]

Galaxies in a database of its own, made by generate_series. One JSON object a line: medians of five, seconds;
bytes as gzip sends them; frames a second while the plot is moved for two seconds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, sync_playwright

from benchmarks.viewing import MOVED

DRAWN = 20_000
ROWS = """
WITH made AS (
    INSERT INTO catalog_spectrum (release_id, name, role, designation, ra, dec, healpix, cls, subclass,
        object_type, plan_id, snr_r, mag_g, file, sha256, layout, flux_unit, warnings, imported_at)
    SELECT %(release)s, 'spec-55859-F5902_sp' || (n / 250 %% 16) || '-' || n, 'unknown', '',
        360 * random(), degrees(asin(2 * random() - 1)), (12 * 4::numeric ^ 29 * random())::bigint,
        'Unknown', '', '', '', exp(2 + 1.4 * (random() + random() + random() - 1.5)),
        14 + 6 * sqrt(random()), '', '', '', '', '[]', now()
    FROM generate_series(1, %(rows)s) n RETURNING id
)
INSERT INTO catalog_candidate (run_id, spectrum_id, kind, is_primary, z_cl, z_rt, velocity_kms, n_lines,
    n_configurations, log_nii_ha, log_oiii_hb, bpt_class, bpt_reason, nebula_state, nebula_reason,
    nii_is_limit, sii_is_limit, near_galaxy, flags, inspection_state, withdrawn_reason)
SELECT %(run)s, id, 'galaxy', true, z, z, 299792.458 * z, 3 + id %% 4, 1 + id %% 12,
    -0.4 + 0.6 * (random() + random() - 1), 0.8 * (random() + random() + random() - 1.5),
    (ARRAY['star-forming', 'composite', 'LINER', 'Seyfert', 'unclassified'])[1 + id %% 5], '', '', '',
    false, false, '', 0, 'waiting', ''
FROM (SELECT id, 0.3 * sqrt(random()) z FROM made) one
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    from portal.services import DataDir, services_for

    with (
        tempfile.TemporaryDirectory(prefix="glowworm-populations-") as folder,
        services_for(DataDir(Path(folder))) as session,
    ):
        os.environ |= {
            "DATA_DIR": folder, "DATABASE_URL": session.database_url, "REDIS_URL": session.redis_url,
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
        }  # fmt: skip
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        few, many = _made(DRAWN), _made(rows)
        _database(few, many)
        _chromium(few, many)


def _say(what: str, **measured: Any) -> None:
    print(json.dumps({"what": what, **measured}), flush=True)


def _made(rows: int) -> int:
    """A run with so many galaxies; returns its number."""
    from django.db import connection
    from django.utils import timezone

    from catalog.models import Release, Run

    release, _ = Release.objects.get_or_create(slug=f"made-{rows}", name=f"made {rows}", survey="LAMOST")
    run = Run.objects.create(completed_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"release": release.pk, "run": run.pk, "rows": rows})
        cursor.execute("ANALYZE")
    return run.pk


def _median(action: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 3)


def _database(few: int, many: int) -> None:
    from django.http import QueryDict

    from catalog.populations.asked import population_asked
    from catalog.populations.points import drawn_of, view_asked
    from catalog.populations.statistics import summed_up
    from catalog.tables import TABLES, current_run

    for run in (few, many):
        for query, view in (
            ("", ""), ("x=z_our&y=mag_g", ""), ("x=z_our&y=mag_g", "0.1,0.11,15,20"), ("x=snr_r", ""),
            ("sky=equatorial", ""), ("sky=galactic", "30,10,10"),
        ):  # fmt: skip
            population = population_asked(
                table=TABLES["galaxies"], run=current_run(run), params=QueryDict(query)
            )

            def draw(population: Any = population, view: str = view) -> dict[str, Any]:
                return drawn_of(population, view=view_asked(population, view))

            body = json.dumps(draw()).encode()
            _say(
                "drawn", rows=population.rows.count(), query=query, view=view, mode=draw()["mode"],
                seconds=_median(draw), bytes=len(gzip.compress(body, 6)),
            )  # fmt: skip
        _say("statistics", rows=population.rows.count(), seconds=_median(lambda p=population: summed_up(p)))


def _chromium(few: int, many: int) -> None:
    """Time from asking for the page to the drawn plot, and frames a second while it is moved."""

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "portal.wsgi:application",
            "--bind",
            f"127.0.0.1:{port}",
            "--threads",
            "4",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for run in (few, many):
                for _ in range(3):
                    _say(
                        "page",
                        **_page(browser, f"http://127.0.0.1:{port}/populations/?run={run}&x=z_our&y=mag_g"),
                    )
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def _page(browser: Browser, address: str) -> dict[str, Any]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    for _ in range(100):
        try:
            page.goto(address)
            break
        except Error:  # the server is not up yet
            time.sleep(0.2)
            start = time.perf_counter()
    while not page.evaluate("Boolean(document.querySelector('[data-drawing]').layout)"):
        page.wait_for_timeout(20)
    drawn = time.perf_counter() - start
    page.click('[data-mode="pan"]')
    page.wait_for_timeout(500)
    moved = page.evaluate(MOVED)
    mode = page.evaluate("document.querySelector('[data-drawing]').data[0].type")
    page.close()
    per_second = round(1000 * moved["frames"] / moved["took"], 1)
    return {"trace": mode, "seconds_to_drawn": round(drawn, 2), "frames_per_second": per_second}


if __name__ == "__main__":
    main()
