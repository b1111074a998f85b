"""Write the paper's numbers beside the portal's, as HTML and as Markdown."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

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
        report = reproduce(run=complete_run(run), release=_release(release), date=datetime.now(UTC))
        for path in write_report(report, folder=output, name="reproduction"):
            self.stdout.write(str(path))


class Written(Protocol):
    """A report in both forms."""

    def html(self) -> str: ...

    def markdown(self) -> str: ...


def write_report(report: Written, *, folder: Path, name: str) -> list[Path]:
    """Write name.html and name.md into a folder, made where it is not there. Raises CommandError."""
    texts = {folder / f"{name}.html": report.html(), folder / f"{name}.md": report.markdown()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            write_whole(path, [text.encode()])
    except OSError as error:
        raise CommandError(f"Cannot write into {folder}: {error.strerror}.") from error
    return list(texts)


def complete_run(number: str | None) -> Run:
    """The run of that number, else the current one. Raises CommandError."""
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
