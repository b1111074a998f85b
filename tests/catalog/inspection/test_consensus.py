"""The rule, against a plain count and its own laws."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from catalog.inspection.consensus import Ballot, Rule, state

ballots = st.lists(
    st.builds(
        Ballot,
        st.sampled_from(["keep", "reject", "unsure"]),
        st.sampled_from([0.1, 0.1004, 0.102]),
        st.sampled_from(["", "galaxy", "qso"]),
    ),
    max_size=7,
)
shares = st.sampled_from([Fraction(1), Fraction(2, 3), Fraction(3, 4), Fraction(51, 100)])
TOLERANCE = 0.001


def plain(votes: list[Ballot], needed: int, share: Fraction) -> str:
    """The rule in whole numbers, as its description says it."""
    if len(votes) < needed:
        return "waiting"
    keep = [vote for vote in votes if vote.verdict == "keep"]
    reject = [vote for vote in votes if vote.verdict == "reject"]
    if len(reject) * share.denominator >= share.numerator * len(votes):
        return "rejected"
    if len(keep) * share.denominator >= share.numerator * len(votes):
        for a in keep:
            for b in keep:
                if abs(a.z - b.z) > TOLERANCE:
                    return "conflict"
                if a.seen_class and b.seen_class and a.seen_class != b.seen_class:
                    return "conflict"
        return "kept"
    return "conflict"


@given(ballots, st.integers(1, 4), shares)
def test_it_is_the_plain_count(votes: list[Ballot], needed: int, share: Fraction) -> None:
    assert state(votes, Rule(needed, float(share), TOLERANCE)) == plain(votes, needed, share)


@given(ballots, st.integers(1, 4), shares, st.randoms())
def test_the_order_of_votes_says_nothing(
    votes: list[Ballot], needed: int, share: Fraction, random: object
) -> None:
    rule = Rule(needed, float(share), TOLERANCE)
    before = state(votes, rule)
    random.shuffle(votes)
    assert state(votes, rule) == before


@given(ballots, st.integers(1, 4), shares)
def test_an_adjudication_decides_whatever_the_votes(
    votes: list[Ballot], needed: int, share: Fraction
) -> None:
    rule = Rule(needed, float(share), TOLERANCE)
    assert state(votes, rule, adjudicated="keep") == "kept"
    assert state(votes, rule, adjudicated="reject") == "rejected"


def test_two_thirds_of_three_are_two() -> None:
    votes = [Ballot("keep", 0.1), Ballot("reject", 0.1), Ballot("keep", 0.1)]
    assert state(votes, Rule(3, 2 / 3, TOLERANCE)) == "kept"
    assert state(votes, Rule(3, 1.0, TOLERANCE)) == "conflict"


def test_those_who_keep_must_mean_the_same_redshift() -> None:
    rule = Rule(2, 1.0, TOLERANCE)
    assert state([Ballot("keep", 0.1), Ballot("keep", 0.1009)], rule) == "kept"
    assert state([Ballot("keep", 0.1), Ballot("keep", 0.1011)], rule) == "conflict"
    assert state([Ballot("reject", 0.1), Ballot("reject", 0.5)], rule) == "rejected"
