"""Write a simulated survey: LAMOST files with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from retrieval.simulate import SurveyCounts, write_survey


class Command(BaseCommand):
    help = (
        "Write a simulated survey into a folder: LAMOST files in two layouts, their truth, a manifest. "
        "The same seed and numbers give the same bytes. Import it with import_spectra."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, metavar="OUT")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--templates", type=int, help="number of templates; the demonstration's by default"
        )
        parser.add_argument("--unknowns", type=int, help="number of unknowns; the demonstration's by default")

    def handle(
        self, *, out: Path, seed: int, templates: int | None, unknowns: int | None, **options: Any
    ) -> None:
        mix = SurveyCounts()
        try:
            counts = SurveyCounts(
                templates=shared_out(mix.templates, templates), unknowns=shared_out(mix.unknowns, unknowns)
            )
            with tqdm(total=counts.total, unit="spectrum", disable=None) as bar:
                summary = write_survey(out, counts, seed, lambda done, of: bar.update(done - bar.n))
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{summary.folder}: {summary.spectra} simulated spectra, {summary.templates} templates and "
            f"{summary.unknowns} unknowns, {summary.bytes / 1e6:.0f} MB, seed {seed}."
        )


def shared_out(mix: dict[str, int], total: int | None) -> dict[str, int]:
    """So many spectra in a mix's proportions (largest remainders); the mix itself where total is None."""
    if total is None:
        return mix
    if total < 0:
        raise ValueError(f"the number of spectra must not be negative, not {total}")
    exact = {kind: total * number / sum(mix.values()) for kind, number in mix.items()}
    shares = {kind: int(value) for kind, value in exact.items()}
    by_remainder = sorted(exact, key=lambda kind: shares[kind] - exact[kind])
    for kind in by_remainder[: total - sum(shares.values())]:
        shares[kind] += 1
    return shares
