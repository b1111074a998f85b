"""Write the paper's numbers beside the portal's, as HTML and as Markdown."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.commands.export import write_whole
from catalog.models import Release, Run
from catalog.reproduction.report import reproduce
from catalog.tables import current_run


class Command(BaseCommand):
    help = "Set each number of Lu et al. 2022 beside the portal's: reproduction.html and reproduction.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", help="number of the run; the newest complete one if left out")
        parser.add_argument(
            "--release",
            metavar="SLUG",
            help="count only the queries of one survey release, such as lamost-dr7",
        )
        parser.add_argument(
            "-o", "--output", type=Path, default=Path(), metavar="FOLDER", help="here if left out"
        )

    def handle(self, *, run: str | None, release: str | None, output: Path, **options: Any) -> None:
        report = reproduce(run=_run(run), release=_release(release), date=datetime.now(UTC))
        try:
            output.mkdir(parents=True, exist_ok=True)
            for name, text in (("reproduction.html", report.html()), ("reproduction.md", report.markdown())):
                write_whole(output / name, [text.encode()])
                self.stdout.write(str(output / name))
        except OSError as error:
            raise CommandError(f"Cannot write into {output}: {error.strerror}.") from error


def _run(number: str | None) -> Run:
    try:
        run = current_run(number)
    except (Run.DoesNotExist, ValueError, OverflowError):
        raise CommandError(f"There is no complete run {number}: see /runs/ for those there are.") from None
    if run is None:
        raise CommandError("No run is complete: launch one with run_retrieval, or load_demo.")
    return run


def _release(slug: str | None) -> Release | None:
    if slug is None:
        return None
    held = Release.objects.filter(slug=slug).first()
    if held is None:
        slugs = ", ".join(Release.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no release {slug!r}; held are: {slugs}.")
    return held
