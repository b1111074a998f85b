"""Lines that figures and their tables show."""

from retrieval.lines import LINES, Line

# The two members of the [O II] doublet are not resolved at R = 1800; their blend stands for them.
DRAWN_LINES: tuple[Line, ...] = tuple(line for line in LINES if line.key not in ("oii_3727", "oii_3730"))
