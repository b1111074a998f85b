"""The filters. One definition feeds the page, the downloads, the command line and, later, the API.

A saved or shared state is the query string itself; the selections of a retrieval run are the same
parameters kept as JSON.
"""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from retrieval.flags import CandidateFlag, LineFlag
from retrieval.readers import WARNINGS

from . import columns as c
from .filterkinds import (
    ChoicesFilter,
    ConeFilterSet,
    ListedFilterSet,
    ListFilter,
    RefusedListFilter,
    ReleaseFilter,
    ValuesFilter,
    YesNoFilter,
    bits_set,
    flag_choices,
)
from .models import (
    DECIDING,
    Candidate,
    Catalogue,
    CounterpartLookup,
    HIIRegion,
    LineMeasurement,
    PublishedGalaxy,
    PublishedNebula,
    Refusal,
    RegionMatch,
    Run,
    Spectrum,
    Verdict,
    Vote,
)
from .within import WithinFilter


class RunFilter(filters.ModelChoiceFilter):
    """Candidates whose spectrum is one of another run, too; with ``exclude``, those where it is not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Run.objects.filter(completed_at__isnull=False),
            widget=forms.NumberInput,
            help_text="Number of a complete run",
            error_messages={"invalid_choice": "There is no complete run of that number."},
            **kwargs,
        )

    def filter(self, qs: QuerySet[Candidate], value: Run | None) -> QuerySet[Candidate]:
        if value is None:
            return qs
        there = Exists(Candidate.objects.filter(run=value, spectrum=OuterRef("spectrum")))
        return qs.filter(~there if self.exclude else there)


def _with_line_flags() -> dict[str, Q]:
    """For each flag of lines: the candidates of which any measured line has it."""
    lines = LineMeasurement.objects.filter(candidate=OuterRef("pk"))
    return {name: Q(Exists(lines.filter(bit))) for name, bit in bits_set("flags", LineFlag).items()}


class MemberFilterSet(ListedFilterSet, ConeFilterSet):
    """Filters of all lists of spectra and candidates by what holds them: lists, regions, catalogues."""

    inside = filters.CharFilter(
        label="Inside the H II region", method="inside_region", help_text="WISE name or other name, whole"
    )
    published_in = filters.ModelChoiceFilter(
        label="In the published catalogue", method="of_catalogue", queryset=Catalogue.objects.all(),
        help_text="Its number; galaxies and nebulae",
    )  # fmt: skip

    def inside_region(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        named = Q(region__name__iexact=value.strip()) | Q(region__hii_name__iexact=value.strip())
        return queryset.filter(
            **{f"{self.spectrum}__in": RegionMatch.objects.filter(named).values("spectrum")}
        )

    def of_catalogue(self, queryset: QuerySet[Any], name: str, value: Catalogue) -> QuerySet[Any]:
        galaxies, nebulae = (
            Q(**{f"{self.spectrum}__in": rows.objects.filter(catalogue=value).values("spectrum")})
            for rows in (PublishedGalaxy, PublishedNebula)
        )
        return queryset.filter(galaxies | nebulae)


class SpectrumFilterSet(MemberFilterSet):
    """Filters of /spectra/, and the selections of a retrieval run."""

    name = filters.CharFilter(label="File name holds", lookup_expr="icontains")
    release = ReleaseFilter("release__slug")
    role = ChoicesFilter(label="Role", choices=Spectrum.Role.choices)
    candidate_of = filters.ModelChoiceFilter(
        "candidates__run", label="Candidate of the run", queryset=Run.objects.all(), help_text="Its number"
    )
    cls = ValuesFilter(
        label="Class", method="any_of", help_text="STAR, GALAXY, QSO, Unknown; several with commas"
    )
    subclass = filters.CharFilter(label="Subclass begins with", lookup_expr="istartswith")
    object_type = ValuesFilter(label="Object type", lookup_expr="iexact")
    z = filters.RangeFilter(label="Published redshift")
    snr_r = filters.RangeFilter(label="S/N r", help_text="Per pixel")
    mag_g = filters.RangeFilter(label="g magnitude", help_text="mag")
    mjd = filters.RangeFilter(label="MJD", help_text="day")
    warned = YesNoFilter(~Q(warnings=[]), label="Has reader's warnings")
    warning = ChoicesFilter(
        label="Reader's warning",
        choices=[(code, code.replace("-", " ").capitalize()) for code in WARNINGS],
        conditions={code: Q(warnings__contains=[code]) for code in WARNINGS},
    )

    class Meta(ConeFilterSet.Meta):
        model = Spectrum
        fields: list[str] = []

    def any_of(self, queryset: QuerySet[Spectrum], name: str, value: str) -> QuerySet[Spectrum]:
        wanted = Q()
        for part in value.split(","):
            if part.strip():
                wanted |= Q(**{f"{name}__iexact": part.strip()})
        return queryset.filter(wanted)


class CandidateFilterSet(MemberFilterSet):
    """Filters that all lists of candidates share."""

    position_prefix = "spectrum__"
    spectrum = "spectrum"

    name = filters.CharFilter("spectrum__name", label="File name holds", lookup_expr="icontains")
    release = ReleaseFilter("spectrum__release__slug")
    z_cl = filters.RangeFilter(label="Redshift (lines)")
    velocity_kms = filters.RangeFilter(label="Velocity", help_text="km/s, heliocentric")
    snr_r = filters.RangeFilter("spectrum__snr_r", label="S/N r", help_text="Per pixel")
    n_configurations = filters.RangeFilter(label="Configurations that agree")
    n_lines = filters.RangeFilter(label="Lines that agree")
    unique = YesNoFilter(Q(is_primary=True), label="One spectrum per source")
    inspection_state = ChoicesFilter(
        "state_shown", label="Inspection", choices=Candidate.InspectionState.choices
    )
    withdrawn = YesNoFilter(Q(withdrawn_at__isnull=False), label="Withdrawn")
    within = WithinFilter(c.CANDIDATE_COLUMNS)
    flag = ChoicesFilter(
        label="With any flag of",
        choices=flag_choices(CandidateFlag),
        conditions=bits_set("flags", CandidateFlag),
    )
    without_flag = ChoicesFilter(
        label="Without the flags", choices=flag_choices(CandidateFlag),
        conditions=bits_set("flags", CandidateFlag), exclude=True,
    )  # fmt: skip
    line_flag = ChoicesFilter(
        label="A line is flagged", choices=flag_choices(LineFlag), conditions=_with_line_flags()
    )
    without_line_flag = ChoicesFilter(
        label="No line is flagged",
        choices=flag_choices(LineFlag),
        conditions=_with_line_flags(),
        exclude=True,
    )

    class Meta(ConeFilterSet.Meta):
        model = Candidate
        fields: list[str] = []


class AllCandidatesFilterSet(CandidateFilterSet):
    """Filters of /candidates/."""

    kind = ChoicesFilter(label="Kind", choices=Candidate.Kind.choices)
    also_in_run = RunFilter(label="Also a candidate of run")
    not_in_run = RunFilter(label="No candidate of run", exclude=True)


class InspectedFilterSet(AllCandidatesFilterSet):
    """Filters of /inspected/."""

    adjudicated = YesNoFilter(Q(adjudicated=True), label="Decided by a resolver")


class VoteFilterSet(ListedFilterSet):
    """Filters of /votes/."""

    spectrum = "candidate__spectrum"

    name = filters.CharFilter("candidate__spectrum__name", label="File name holds", lookup_expr="icontains")
    inspector = ValuesFilter("inspector__user__username", label="Inspector", lookup_expr="iexact")
    simulated = YesNoFilter(Q(inspector__simulated=True), label="Simulated inspector")
    verdict = ChoicesFilter(label="Verdict", choices=Verdict.choices)
    inspection_state = ChoicesFilter(
        "candidate__inspection_state", label="Inspection", choices=Candidate.InspectionState.choices
    )
    stands = YesNoFilter(Q(stands=True), label="Counts still")

    class Meta:
        model = Vote
        fields: list[str] = []


class GalaxyFilterSet(CandidateFilterSet):
    """Filters of /galaxies/ and of the BPT page."""

    NOVELTY = [("new", "new"), ("known", "known"), ("undecided", "not decided yet")]
    NOVELTIES = {"new": Q(new_galaxy=True), "known": Q(new_galaxy=False), "undecided": Q(new_galaxy=None)}

    bpt_class = ChoicesFilter(label="BPT class", choices=Candidate.BptClass.choices)
    log_nii_ha = filters.RangeFilter(label="log([N II]/Hα)", help_text="dex")
    log_oiii_hb = filters.RangeFilter(label="log([O III]/Hβ)", help_text="dex")
    snr_min = filters.RangeFilter(label="Lowest S/N of the four lines")
    probability = filters.RangeFilter(label="Probability of the class", help_text="0 to 1")
    novelty = ChoicesFilter(label="Known to others", choices=NOVELTY, conditions=NOVELTIES)
    within = WithinFilter(c.GALAXY_COLUMNS)


class WaitingFilterSet(CandidateFilterSet):
    """Filters of /lookups/."""

    waits_for = ChoicesFilter(
        label="Waits for",
        choices=[(service.value, service.label) for service in DECIDING],
        conditions={
            service.value: ~Q((f"{service.value}_outcome__in", CounterpartLookup.ANSWERED))
            for service in DECIDING
        },
    )


class UnclearFilterSet(CandidateFilterSet):
    """Filters of /unclear/, and of all lists of nebulae."""

    nebula_state = ChoicesFilter(label="Diagnostic", choices=Candidate.NebulaState.choices)
    velocity_lsr_kms = filters.RangeFilter(label="LSR velocity", help_text="km/s")
    near_galaxy = ValuesFilter(
        label="Near galaxy", lookup_expr="iexact", help_text="On the disc of M31, M33, ..."
    )
    within = WithinFilter(c.UNCLEAR_COLUMNS)


class NebulaFilterSet(UnclearFilterSet):
    """Filters of /nebulae/."""

    STATUS = [("inside", "inside a WISE region"), ("new", "newly found outside")]
    STATES = {"inside": Q(new_found=False), "new": Q(new_found=True)}

    status = ChoicesFilter(label="Status", choices=STATUS, conditions=STATES)
    region = filters.CharFilter("region__name", label="WISE region", lookup_expr="icontains")
    catalog = ChoicesFilter("region__catalog", label="WISE catalogue code", choices=HIIRegion.Catalog.choices)
    within = WithinFilter((*c.NEBULA_COLUMNS, *c.NEBULA_MORE_COLUMNS))


class RegionFilterSet(ListedFilterSet, ConeFilterSet):
    """Filters of /regions/. Without a version: that which the run was matched with."""

    spectrum = ""

    CERTIFIED = [
        ("known", "known"), ("new", "newly certified"), ("confirmed", "newly certified and confirmed"),
    ]  # fmt: skip
    CERTIFICATIONS = {
        "known": Q(status="known"),
        "new": Q(status="newly certified"),
        "confirmed": Q(region_confirmed=True),
    }

    region = filters.CharFilter("name", label="WISE name holds", lookup_expr="icontains")
    code = ChoicesFilter("catalog", label="WISE catalogue code", choices=HIIRegion.Catalog.choices)
    has_spectra = YesNoFilter(Q(n_inside__gt=0), label="Holds nebula candidates")
    certified = ChoicesFilter(label="With spectra, and", choices=CERTIFIED, conditions=CERTIFICATIONS)
    version = filters.CharFilter(
        label="Version", lookup_expr="iexact", help_text="V2.2, say; that of the run if empty"
    )

    class Meta(ConeFilterSet.Meta):
        model = HIIRegion
        fields: list[str] = []

    @classmethod
    def in_list(cls) -> ListFilter:
        return ListFilter("pk", of="regions")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("version") else queryset.filter(of_run=True)


class RefusalFilterSet(ListedFilterSet):
    """Filters of /refusals/."""

    spectrum = ""

    file = filters.CharFilter(label="File holds", lookup_expr="icontains")
    reason = ValuesFilter(label="Reason", lookup_expr="iexact")
    batch = filters.NumberFilter(label="Import")

    class Meta:
        model = Refusal
        fields: list[str] = []

    @classmethod
    def in_list(cls) -> ListFilter:
        return RefusedListFilter("pk")
