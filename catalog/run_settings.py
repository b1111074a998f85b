"""What a run was told to do, in words: for a run launched like it, and for two runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .models import Run

NOTHING = "—"
WITHOUT_UNIT = ("quantile",)


class Difference(NamedTuple):
    """A setting that two runs do not share; a dash where one has none."""

    name: str
    before: str
    after: str


def run_settings(run: Run, configurations: Sequence[str]) -> dict[str, str]:
    """Every setting of a run, also of one not launched yet, by its label."""
    line_search = {
        f"Line search: {words(name)}{'' if name in WITHOUT_UNIT else ' (Å)'}": f"{value:g}"
        for name, value in run.detection.items()
    }
    return {
        "Configurations": ", ".join(configurations),
        "Templates": in_words(run.template_selection),
        "Queries": in_words(run.query_selection),
        "Metric": run.get_metric_display(),
        "Normalisation": run.get_normalization_display(),
        "Redshift tolerance": f"{run.z_tolerance:g}",
        "Velocity limit of nebulae (km/s)": f"{run.velocity_limit_kms:g}",
        "Seed": str(run.seed),
        **line_search,
    }


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """The settings that differ, in the order of the first."""
    names = dict.fromkeys((*before, *after))
    pairs = (Difference(name, before.get(name, NOTHING), after.get(name, NOTHING)) for name in names)
    return [pair for pair in pairs if pair.before != pair.after]


def configuration_labels(run: Run) -> list[str]:
    """step:segments:centres of each configuration, in the run's order."""
    return [codebook.label for codebook in run.codebooks.all()]


def words(name: str) -> str:
    return name.replace("_", " ")


def in_words(parameters: Mapping[str, Sequence[str]]) -> str:
    """A run's selection for people."""
    parts = [f"{words(name)}: {', '.join(values)}" for name, values in parameters.items()]
    return "; ".join(parts) or "all spectra"
