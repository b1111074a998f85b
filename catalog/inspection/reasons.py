"""Why an inspector votes as they do: one integer per vote, one bit per reason."""

from __future__ import annotations

from enum import IntFlag


class VoteReason(IntFlag):
    """What an inspector sees; `DESCRIPTIONS` says it in words."""

    NO_LINES = 1
    ONE_LINE = 2
    WRONG_REDSHIFT = 4
    SKY_RESIDUE = 8
    ARM_JOIN = 16
    COSMIC_RAY = 32
    BAD_SUBTRACTION = 64
    STELLAR = 128
    BROAD_LINES = 256
    TWO_OBJECTS = 512
    LOW_SNR = 1024


DESCRIPTIONS: dict[VoteReason, str] = {
    VoteReason.NO_LINES: "no emission lines seen",
    VoteReason.ONE_LINE: "only one line seen",
    VoteReason.WRONG_REDSHIFT: "lines seen, at another redshift",
    VoteReason.SKY_RESIDUE: "residue of night-sky lines",
    VoteReason.ARM_JOIN: "step or wiggle where the arms are joined",
    VoteReason.COSMIC_RAY: "cosmic ray or hot pixel",
    VoteReason.BAD_SUBTRACTION: "sky or scattered light badly subtracted",
    VoteReason.STELLAR: "a star",
    VoteReason.BROAD_LINES: "broad lines, as of a quasar",
    VoteReason.TWO_OBJECTS: "two objects in one fibre",
    VoteReason.LOW_SNR: "too noisy to tell",
}

ALL = sum(VoteReason)


def decode(reasons: int) -> tuple[str, ...]:
    """The reasons set in ``reasons`` in words, lowest bit first."""
    return tuple(words for reason, words in DESCRIPTIONS.items() if reason & int(reasons))
