"""Profiles: named sets of parameters. A profile is data; the stages read it, none asks for its name.

``lu2022`` is the method of Lu et al. 2022 as written (section 3), frozen. Anything else is ``custom``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from retrieval.detect import DetectParameters
from retrieval.grid import make_grid
from retrieval.quantizer import MAXIMUM_CENTERS
from retrieval.redshift import TOLERANCE
from retrieval.velocity import NEBULAR_LIMIT


@dataclass(frozen=True, order=True)
class Configuration:
    """One quantizer: sampling step (Angstrom), number of segments M, centres per segment K."""

    step: int
    segments: int
    centers: int

    @classmethod
    def parse(cls, text: str) -> Configuration:
        """The configuration written as "step:segments:centres", such as 2:25:100. Raises ValueError."""
        parts = text.strip().split(":")
        if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
            raise ValueError(
                f"{text!r} is not a configuration: write step:segments:centres, such as 2:25:100."
            )
        return cls(*(int(part) for part in parts))

    def __str__(self) -> str:
        return f"{self.step}:{self.segments}:{self.centers}"

    def obstacle(self, templates: int) -> str:
        """Why it cannot run with that many templates, naming the numbers; "" where it can."""
        if min(self.step, self.segments, self.centers) < 1:
            return f"{self}: step, segments and centres must be 1 or more."
        try:
            samples = make_grid(self.step).size
        except ValueError as error:
            return f"{self}: {error}"
        if samples % self.segments:
            return f"{self}: {samples} samples do not divide into {self.segments} segments."
        if self.centers > MAXIMUM_CENTERS:
            return f"{self}: {self.centers} centres are more than the {MAXIMUM_CENTERS} that a code can name."
        if self.centers > templates:
            return f"{self}: {self.centers} centres need at least as many templates; there are {templates}."
        return ""


# Lu et al. 2022, section 3: the twelve runs.
PAPER_CONFIGURATIONS: tuple[Configuration, ...] = (
    Configuration(2, 25, 100),
    Configuration(2, 50, 200),
    Configuration(2, 100, 400),
    Configuration(2, 250, 800),
    Configuration(2, 500, 1600),
    Configuration(2, 1250, 3200),
    Configuration(1, 50, 200),
    Configuration(1, 100, 400),
    Configuration(1, 200, 800),
    Configuration(1, 500, 800),
    Configuration(1, 500, 1600),
    Configuration(1, 1000, 3200),
)

# The line search of every run works on this sampling, whatever its configurations, so that z_CL does not
# depend on which of them were chosen.
DETECTION_STEP = 2  # Angstrom

LU2022: dict[str, Any] = {
    "metric": "l2_sum",
    "z_tolerance": TOLERANCE,
    "velocity_limit_kms": NEBULAR_LIMIT,
    "detection": asdict(DetectParameters()),
}


def profile_of(configurations: tuple[Configuration, ...], parameters: dict[str, Any]) -> str:
    """``lu2022`` where every configuration is the paper's and every parameter its own, else ``custom``.

    `parameters` holds the keys of LU2022. The normalization is not among them: the paper's print and its
    text differ, both are its method, and the run records which.
    """
    of_paper = set(configurations) <= set(PAPER_CONFIGURATIONS) and parameters == LU2022
    return "lu2022" if of_paper else "custom"
