"""The guidelines that stand beside the keys and in the documentation. A run's rule may add its own."""

from __future__ import annotations

GUIDE: tuple[tuple[str, str], ...] = (
    (
        "Keep",
        "At least three emission lines stand above the noise at this redshift, with widths and ratios that "
        "belong together: [O III]5008 about three times [O III]4960, Hα and [N II] side by side.",
    ),
    (
        "Keep with another z",
        "The lines are real but the drawn redshift names them wrongly: type the right z, or click a line and "
        "name it. An empty box says that the redshift from lines is right.",
    ),
    (
        "Reject",
        "What looks like lines is residue of the night sky (shaded), a step where the arms join (5700 to "
        "6000 Å), a cosmic ray one or two pixels wide, or noise; or the object is a star.",
    ),
    (
        "Unsure",
        "You cannot tell after half a minute. Others look at it too; a guess helps nobody.",
    ),
    (
        "Class",
        "A galaxy or quasar lies beyond 500 km/s, a nebula within; a nebula’s lines are narrow and it often "
        "lies in an H II region (see the map). Broad Balmer lines speak for a quasar.",
    ),
    (
        "Template and residual",
        "The nearest template need not fit the continuum: it should have the same lines in the same places.",
    ),
)
