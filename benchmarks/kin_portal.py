"""Find kin as the portal answers it: one upload after another against as many templates as the paper's.

    python -m benchmarks.kin_portal [TEMPLATES] [--repeats N]

Serves a scratch portal as ``make run`` does, trains step 2, M = 100, K = 400 on 600 simulated templates, and
makes of their codes as many as asked for (177,270): a new template has each segment's code of one of two
held ones. Its spectrum is that of the first, so that re-ranking reads 60 files, as ever. Each line is one
JSON object: an answer before the portal has read the codes, in seconds with its parts; the first after it
has; then the warm ones, median and 95th percentile in milliseconds from the request to the last byte. The
last line states the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import uuid
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from .pages import machine, quantiles
from .portal import Served, serving

FILL = """
from django.conf import settings
from django.core.management import call_command
from benchmarks.kin_portal import multiply
survey = settings.DATA_DIR / "survey"
call_command("simulate_survey", survey, "--templates", "600", "--unknowns", "40")
call_command("import_spectra", survey)
call_command("import_regions", "--paper")
call_command("run_retrieval", "--configurations", "2:100:400", "--wait")
print("held", multiply({templates}))
"""


KEEPER = 90.0
"""Seconds in which each web process has noticed the codes, read and indexed them, also on a busy machine."""


def multiply(templates: int) -> int:
    """Make of the newest run's templates so many, by mixing their codes; runs inside the portal."""
    import numpy as np

    from catalog.codebooks import codes_store, read_searcher
    from catalog.models import Run, SpectrumBlock
    from catalog.runs import usable_ids
    from tasks.stages.select import block_size

    run = Run.objects.latest("pk")
    codebook = run.codebooks.get()
    held = run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES)
    ids, codes = usable_ids(held), read_searcher(codebook).codes
    rng = np.random.default_rng(0)
    first, second = np.sort(rng.integers(len(ids), size=templates)), rng.integers(len(ids), size=templates)
    held.delete()
    codebook.code_blocks.all().delete()
    type(codebook).objects.filter(pk=codebook.pk).update(n_templates=templates)
    size = block_size(templates)
    starts = range(0, templates, size)
    SpectrumBlock.objects.bulk_create(
        SpectrumBlock(
            run=run, part=SpectrumBlock.Part.TEMPLATES, number=number, first=start,
            count=len(first[start : start + size]),
            spectrum_ids=ids[first[start : start + size]].astype("<i8").tobytes(),
            usable=b"\1" * len(first[start : start + size]),
        )
        for number, start in enumerate(starts)
    )  # fmt: skip
    for number, start in enumerate(starts):
        one, other = codes[first[start : start + size]], codes[second[start : start + size]]
        mixed = np.where(rng.random(one.shape) < 0.5, one, other)
        codes_store(codebook=codebook, number=number, codes=mixed, seconds=0.0)
    return templates


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("templates", nargs="?", type=int, default=177_270)
    asked.add_argument("--repeats", type=int, default=100)
    options = asked.parse_args()
    with serving(FILL.format(templates=options.templates), KIN_PER_MINUTE="1000000") as served:
        files = _spectra(served)
        _say("cold", **_first(served, files[0]))
        time.sleep(KEEPER)
        _say("kept ready", **_first(served, files[1]))
        times, parts = [], []
        for number in range(options.repeats):
            took, answer = _ask(served, files[number % len(files)])
            times.append(1000 * took)
            parts.append(answer["seconds"])
        p50, p95 = quantiles(times)
        medians = {
            name: round(1000 * statistics.median(part[name] for part in parts), 1) for name in parts[0]
        }
        _say("warm", p50_ms=p50, p95_ms=p95, parts_ms=medians, templates=options.templates)
    _say("machine", said=machine(), repeats=options.repeats)


def _say(what: str, **said: Any) -> None:
    sys.stdout.write(json.dumps({"what": what} | said) + "\n")
    sys.stdout.flush()


def _first(served: Served, file: bytes) -> dict[str, Any]:
    took, answer = _ask(served, file)
    return {"seconds": round(took, 2), "parts": answer["seconds"]}


def _spectra(served: Served) -> list[bytes]:
    """The original files of the searched spectra."""
    rows = _get(served, "/spectra/download.csv?role=unknown&columns=file_LAMOST").decode().split()[1:]
    return [_get(served, f"/spectra/{name}/file") for name in rows[:30]]


def _get(served: Served, path: str) -> bytes:
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=300)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {body[:300]!r}")
    return body


def _ask(served: Served, file: bytes) -> tuple[float, dict[str, Any]]:
    """Seconds from the request to the last byte, and the answer."""
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="mine.fits"\r\n\r\n'
    body = head.encode() + file + f"\r\n--{edge}--\r\n".encode()
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=300)
    began = time.perf_counter()
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    connection.request("POST", "/api/kin/", body, kind)
    response = connection.getresponse()
    answer = response.read()
    took = time.perf_counter() - began
    if response.status != 200:
        raise RuntimeError(f"/api/kin/ answered {response.status}: {answer[:300]!r}")
    return took, json.loads(answer)


if __name__ == "__main__":
    main()
