"""How progress is written in words; static/js/run.js writes the same while it polls."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template

from catalog import run_settings
from tasks.selectors import Progress, StageProgress

register = template.Library()
register.filter("words", run_settings.words)
register.filter("as_words", run_settings.in_words)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in the two largest units; a dash for none."""
    if seconds is None:
        return "—"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


@register.filter
def amount(stage: StageProgress) -> str:
    return f"{stage.done:,} of {stage.total:,} {stage.unit}" if stage.total and stage.unit else "—"


@register.filter
def rate(stage: StageProgress) -> str:
    return f"{stage.rate:,.1f}/s" if stage.rate and stage.unit else "—"


@register.filter
def in_words(progress: Progress) -> str:
    """How far the whole is."""
    left = f", about {duration(progress.remaining)} left" if progress.remaining is not None else ""
    if progress.seconds is None:
        return f"waiting for a worker{left}" if progress.active else ""
    if not progress.active:
        return f"after {duration(progress.seconds)} of work"
    return f"{progress.percent} % after {duration(progress.seconds)}{left}"


@register.filter
def percent(value: float | None) -> str:
    """A percentage with one decimal; a dash for none."""
    return "—" if value is None else f"{value:.1f} %"


@register.filter
def as_query(parameters: dict[str, Any]) -> str:
    """A run's selection as the query of the list of spectra."""
    return urlencode(parameters, doseq=True)


@register.filter
def entry(mapping: dict[str, Any] | None, key: str) -> Any:
    """A dictionary's value by a key that is itself a variable."""
    return (mapping or {}).get(key)


@register.filter
def counted(counts: dict[str, int] | None) -> str:
    """What a selection holds."""
    if counts is None:
        return "A filter could not be read."
    text = f"{counts['count']:,} spectra"
    if counts["left_out"]:
        text += f"; {counts['left_out']:,} more have no file or no redshift and are left out"
    return text


@register.filter
def estimated(preview: dict[str, Any]) -> str:
    """The cost of a run, as an estimate."""
    cost = preview["estimate"]
    return (
        f"About {duration(cost['seconds'])} with {cost['workers']} workers; "
        f"{cost['prepared_megabytes']:,} MB on disk while it runs, "
        f"{cost['database_megabytes']:,} MB kept in the database. "
        f"An estimate from the counts: other machines take other times. Profile: {preview['profile']}."
    )
