"""Checks against false discoveries, as flags of candidates: each warns, none decides."""

from __future__ import annotations

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from catalog.models import Candidate, Counterpart, Run, Service
from retrieval.fibres import neighbouring
from retrieval.flags import CandidateFlag

from .answers import STAR
from .selectors import may_answer

_OURS = (
    CandidateFlag.GAIA_STAR
    | CandidateFlag.PLANETARY_NEBULA
    | CandidateFlag.SUPERNOVA_REMNANT
    | CandidateFlag.OTHER_SURVEY
    | CandidateFlag.NEIGHBOUR_FIBRES
)
_MATCHES: dict[CandidateFlag, Q] = {
    CandidateFlag.GAIA_STAR: Q(lookup__service=Service.GAIA, object_type=STAR),
    CandidateFlag.PLANETARY_NEBULA: Q(lookup__service=Service.PN),
    CandidateFlag.SUPERNOVA_REMNANT: Q(lookup__service=Service.SNR),
    # A later release that has no redshift either tells nothing.
    CandidateFlag.OTHER_SURVEY: Q(lookup__service__in=(Service.LAMOST, Service.DESI), z__isnull=False),
}


@transaction.atomic
def candidates_flag(*, run: Run) -> None:
    """Set a run's flags that come from counterparts and neighbouring fibres; the others stay as they are."""
    candidates = Candidate.objects.filter(run=run)
    flagged = {flag: _with_match(candidates, matching) for flag, matching in _MATCHES.items()}
    flagged[CandidateFlag.NEIGHBOUR_FIBRES] = on_neighbouring_fibres(candidates)
    candidates.exclude(flags=F("flags").bitand(~int(_OURS))).update(flags=F("flags").bitand(~int(_OURS)))
    for flag, ids in flagged.items():
        candidates.filter(pk__in=ids).update(flags=F("flags").bitor(int(flag)))


def _with_match(candidates: QuerySet[Candidate], matching: Q) -> list[int]:
    """Ids of the candidates at whose source such an object was found."""
    found = Counterpart.objects.filter(
        matching,
        may_answer("spectrum__release__simulated", "lookup__"),
        lookup__source=OuterRef("spectrum__source"),
        lookup__ra=OuterRef("spectrum__source__ra"),
        lookup__dec=OuterRef("spectrum__source__dec"),
    )
    return list(candidates.filter(Exists(found)).values_list("pk", flat=True))


def on_neighbouring_fibres(candidates: QuerySet[Candidate]) -> list[int]:
    """Ids of the candidates whose redshift a neighbouring fibre of the same exposure shows too."""
    rows = list(
        candidates.exclude(spectrum__plan_id="")
        .filter(spectrum__spectrograph__isnull=False, spectrum__fiber__isnull=False)
        .values_list(
            "pk", "z_cl", "spectrum__fiber",
            "spectrum__release_id", "spectrum__plan_id", "spectrum__mjd", "spectrum__spectrograph",
        )
    )  # fmt: skip
    numbers: dict[tuple[object, ...], int] = {}
    plates = [numbers.setdefault(tuple(row[3:]), len(numbers)) for row in rows]
    fibres = np.array([row[2] for row in rows], dtype=np.int64)
    found = neighbouring(plates, fibres, [row[1] for row in rows])
    return [row[0] for row, beside in zip(rows, found.tolist(), strict=True) if beside]
