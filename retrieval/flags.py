"""Flags of a line measurement: one integer per line, one bit per warning."""

from __future__ import annotations

from enum import IntFlag


class LineFlag(IntFlag):
    """Warnings that a line measurement carries; `DESCRIPTIONS` says what each means."""

    ARM_JOIN = 1
    SKY_LINE = 2
    EDGE = 4
    LOW_SNR = 8
    UPPER_LIMIT = 16
    BLENDED = 32
    FIT_FAILED = 64


DESCRIPTIONS: dict[LineFlag, str] = {
    LineFlag.ARM_JOIN: "the line lies at 5700 to 6000 A, where the blue and red arms are joined",
    LineFlag.SKY_LINE: "the line lies in a band of night-sky lines or telluric absorption",
    LineFlag.EDGE: "the line or its continuum runs over the edge of the spectrum or into bad pixels",
    LineFlag.LOW_SNR: "signal to noise under 5",
    LineFlag.UPPER_LIMIT: "signal to noise under 3: take 3 sigma as an upper limit",
    LineFlag.BLENDED: "the line is closer to a neighbour than its own full width at half maximum",
    LineFlag.FIT_FAILED: "no fit: too few good pixels",
}


def decode(flags: int) -> tuple[str, ...]:
    """Names of the flags set in `flags`, lowest bit first."""
    return tuple(flag.name for flag in LineFlag if flag.name and flag & int(flags))
