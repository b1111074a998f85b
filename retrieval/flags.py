"""Flags of line measurements and of candidates: one integer each, one bit per warning."""

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
    DECREMENT_SPLIT = 128
    ABSORPTION = 256
    ASSUMED_SHAPE = 512


DESCRIPTIONS: dict[LineFlag, str] = {
    LineFlag.ARM_JOIN: "the line lies at 5700 to 6000 A, where the blue and red arms are joined",
    LineFlag.SKY_LINE: "the line lies in a band of night-sky lines or telluric absorption",
    LineFlag.EDGE: "the line or its continuum runs over the edge of the spectrum or into bad pixels",
    LineFlag.LOW_SNR: "signal to noise under 5",
    LineFlag.UPPER_LIMIT: "signal to noise under 3: take 3 sigma as an upper limit",
    LineFlag.BLENDED: "the line is closer to a neighbour than its own full width at half maximum",
    LineFlag.FIT_FAILED: "no fit: too few good pixels",
    LineFlag.DECREMENT_SPLIT: "the join of the arms lies between Hb and Ha, so that their ratio is doubtful",
    LineFlag.ABSORPTION: "stars absorb more under the line than it emits",
    LineFlag.ASSUMED_SHAPE: "lines too faint to show velocity and width: usual ones at the redshift taken",
}


def decode(flags: int) -> tuple[str, ...]:
    """Names of the flags set in `flags`, lowest bit first."""
    return tuple(flag.name for flag in LineFlag if flag.name and flag & int(flags))


class CandidateFlag(IntFlag):
    """Warnings of a candidate; none decides alone. `CANDIDATE_DESCRIPTIONS` says what each means."""

    NEAR_GALAXY = 1
    SUPERNOVA_REMNANT_LIKE = 2
    VELOCITY_UNLIKE_REGION = 4
    GAIA_STAR = 8
    PLANETARY_NEBULA = 16
    SUPERNOVA_REMNANT = 32
    OTHER_SURVEY = 64
    NEIGHBOUR_FIBRES = 128


CANDIDATE_DESCRIPTIONS: dict[CandidateFlag, str] = {
    CandidateFlag.NEAR_GALAXY: "the disc of a near galaxy covers the position, and may be what emits",
    CandidateFlag.SUPERNOVA_REMNANT_LIKE: "[S II] is as strong as in the shocks of supernova remnants",
    CandidateFlag.VELOCITY_UNLIKE_REGION: "the velocity is not that of the H II region at its position",
    CandidateFlag.GAIA_STAR: "Gaia sees a star here: significant parallax or proper motion",
    CandidateFlag.PLANETARY_NEBULA: "a catalogue of planetary nebulae has one here",
    CandidateFlag.SUPERNOVA_REMNANT: "a catalogue of supernova remnants has one here",
    CandidateFlag.OTHER_SURVEY: "a later LAMOST release or DESI holds this source",
    CandidateFlag.NEIGHBOUR_FIBRES: "neighbouring fibres of the plate show the same redshift: "
    "a diffuse nebula, or residue of the sky",
}


def candidate_warnings(flags: int) -> tuple[str, ...]:
    """What the candidate flags set in `flags` say, in words, lowest bit first."""
    return tuple(words for flag, words in CANDIDATE_DESCRIPTIONS.items() if flag & int(flags))
