"""The filters. One definition feeds the page, the downloads, the command line and, later, the API.

A saved or shared state is the query string itself; the selections of a retrieval run are the same
parameters kept as JSON.
"""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, QuerySet, When

from . import columns as c
from .coordinates import HINT, parse_position, parse_radius
from .models import (
    DECIDING,
    Candidate,
    GivenList,
    HIIRegion,
    Refusal,
    Release,
    Run,
    Spectrum,
    Verdict,
    Vote,
)
from .positions import within_cone
from .within import WithinFilter

DEFAULT_RADIUS = "60"
CLASS_PROBABILITIES = (
    (Candidate.BptClass.STAR_FORMING, "p_star_forming"), (Candidate.BptClass.COMPOSITE, "p_composite"),
    (Candidate.BptClass.LINER, "p_liner"), (Candidate.BptClass.SEYFERT, "p_seyfert"),
)  # fmt: skip


class ConeFormMixin(forms.Form):
    """Validates position and radius together, and keeps them parsed."""

    cone: tuple[float, float, float] | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        position, radius = cleaned.get("position"), cleaned.get("radius")
        if position:
            try:
                ra, dec = parse_position(position)
                self.cone = (ra, dec, parse_radius(radius or DEFAULT_RADIUS))
            except ValueError as error:
                raise ValidationError({"position": str(error)}) from error
        elif radius:
            raise ValidationError({"position": f"A radius needs a position: {HINT}."})
        return cleaned


class ConeFilterSet(filters.FilterSet):
    """Adds a cone by typed position and radius to a filter set."""

    position = filters.CharFilter(label="Position", method="keep", help_text=HINT[:1].upper() + HINT[1:])
    radius = filters.CharFilter(
        label="Radius", method="keep", help_text="Arcsec, or 2', or 0.5 deg; 60 if empty"
    )

    position_prefix = ""

    class Meta:
        form = ConeFormMixin

    def keep(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Position and radius act together, in filter_queryset."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        if self.form.cone:
            ra, dec, radius = self.form.cone
            queryset = within_cone(queryset, ra=ra, dec=dec, radius_deg=radius, prefix=self.position_prefix)
        return queryset


class YesNoFilter(filters.TypedChoiceFilter):
    """True or false. Anything else is refused: the package's own filter would pass it over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args,
            choices=[("", "either"), ("true", "yes"), ("false", "no")],
            coerce=lambda value: value == "true",
            error_messages={"invalid_choice": "“%(value)s” is neither true nor false."},
            **kwargs,
        )


LIST = "list"


class ListField(forms.CharField):
    """The token of a list that a reader gave."""

    def clean(self, value: Any) -> GivenList | None:
        token = super().clean(value)
        if not token:
            return None
        try:
            return GivenList.objects.defer("entries", "unmatched").get(token=token)
        except GivenList.DoesNotExist as error:
            raise ValidationError(f"There is no list {token}.") from error


class ListFilter(filters.Filter):
    """Rows of the spectra that a list means; the field leads to the spectrum's id."""

    field_class = ListField

    def filter(self, queryset: QuerySet[Any], value: GivenList | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        members = GivenList.spectra.through.objects.filter(givenlist=value).values("spectrum")
        return queryset.filter(**{f"{self.field_name}__in": members})


class ListedFilterSet(filters.FilterSet):
    """Adds the filter ``list``. The name is a builtin's, so that no class body may hold it."""

    spectrum = "pk"

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        found: dict[str, filters.Filter] = super().get_filters()
        help_text = "Token of a list of file names or positions"
        return found | {LIST: ListFilter(cls.spectrum, label="In the list", help_text=help_text)}


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


class SpectrumFilterSet(ListedFilterSet, ConeFilterSet):
    """Filters of /spectra/, and the selections of a retrieval run."""

    name = filters.CharFilter(label="File name holds", lookup_expr="icontains")
    release = filters.ModelMultipleChoiceFilter(
        "release__slug", label="Release", queryset=Release.objects.all(), to_field_name="slug", distinct=False
    )
    role = filters.MultipleChoiceFilter(label="Role", choices=Spectrum.Role.choices, distinct=False)
    cls = filters.CharFilter(
        label="Class", method="any_of", help_text="STAR, GALAXY, QSO, Unknown; several with commas"
    )
    subclass = filters.CharFilter(label="Subclass begins with", lookup_expr="istartswith")
    object_type = filters.CharFilter(label="Object type", lookup_expr="iexact")
    z = filters.RangeFilter(label="Published redshift")
    snr_r = filters.RangeFilter(label="S/N r", help_text="Per pixel")
    mag_g = filters.RangeFilter(label="g magnitude", help_text="mag")
    mjd = filters.RangeFilter(label="MJD", help_text="day")
    warned = YesNoFilter(label="Has reader's warnings", method="has_warnings")

    class Meta(ConeFilterSet.Meta):
        model = Spectrum
        fields: list[str] = []

    def any_of(self, queryset: QuerySet[Spectrum], name: str, value: str) -> QuerySet[Spectrum]:
        wanted = Q()
        for part in value.split(","):
            if part.strip():
                wanted |= Q(**{f"{name}__iexact": part.strip()})
        return queryset.filter(wanted)

    def has_warnings(self, queryset: QuerySet[Spectrum], name: str, value: bool) -> QuerySet[Spectrum]:
        return queryset.exclude(warnings=[]) if value else queryset.filter(warnings=[])


class CandidateFilterSet(ListedFilterSet, ConeFilterSet):
    """Filters that all lists of candidates share."""

    position_prefix = "spectrum__"
    spectrum = "spectrum"

    name = filters.CharFilter("spectrum__name", label="File name holds", lookup_expr="icontains")
    z_cl = filters.RangeFilter(label="Redshift (lines)")
    velocity_kms = filters.RangeFilter(label="Velocity", help_text="km/s, heliocentric")
    snr_r = filters.RangeFilter("spectrum__snr_r", label="S/N r", help_text="Per pixel")
    n_configurations = filters.RangeFilter(label="Configurations that agree")
    n_lines = filters.RangeFilter(label="Lines that agree")
    unique = YesNoFilter("is_primary", label="One spectrum per source")
    inspection_state = filters.MultipleChoiceFilter(
        "state_shown", label="Inspection", choices=Candidate.InspectionState.choices
    )
    withdrawn = YesNoFilter("withdrawn_at", label="Withdrawn", lookup_expr="isnull", exclude=True)
    within = WithinFilter(c.CANDIDATE_COLUMNS)

    class Meta(ConeFilterSet.Meta):
        model = Candidate
        fields: list[str] = []


class AllCandidatesFilterSet(CandidateFilterSet):
    """Filters of /candidates/."""

    kind = filters.MultipleChoiceFilter(label="Kind", choices=Candidate.Kind.choices)
    also_in_run = RunFilter(label="Also a candidate of run")
    not_in_run = RunFilter(label="No candidate of run", exclude=True)


class InspectedFilterSet(AllCandidatesFilterSet):
    """Filters of /inspected/."""

    adjudicated = YesNoFilter(label="Decided by a resolver")


class VoteFilterSet(ListedFilterSet):
    """Filters of /votes/."""

    spectrum = "candidate__spectrum"

    name = filters.CharFilter("candidate__spectrum__name", label="File name holds", lookup_expr="icontains")
    inspector = filters.CharFilter("inspector__user__username", label="Inspector", lookup_expr="iexact")
    simulated = YesNoFilter("inspector__simulated", label="Simulated inspector")
    verdict = filters.MultipleChoiceFilter(label="Verdict", choices=Verdict.choices)
    inspection_state = filters.MultipleChoiceFilter(
        "candidate__inspection_state", label="Inspection", choices=Candidate.InspectionState.choices
    )
    stands = YesNoFilter(label="Counts still")

    class Meta:
        model = Vote
        fields: list[str] = []


class GalaxyFilterSet(CandidateFilterSet):
    """Filters of /galaxies/ and of the BPT page."""

    NOVELTY = [("new", "new"), ("known", "known"), ("undecided", "not decided yet")]

    bpt_class = filters.MultipleChoiceFilter(label="BPT class", choices=Candidate.BptClass.choices)
    log_nii_ha = filters.RangeFilter(label="log([N II]/Hα)", help_text="dex")
    log_oiii_hb = filters.RangeFilter(label="log([O III]/Hβ)", help_text="dex")
    snr_min = filters.RangeFilter(label="Lowest S/N of the four lines")
    probability = filters.RangeFilter(
        label="Probability of the class", method="with_probability", help_text="0 to 1"
    )
    novelty = filters.MultipleChoiceFilter(label="Known to others", choices=NOVELTY, method="with_novelty")
    within = WithinFilter(c.GALAXY_COLUMNS)

    def with_probability(self, queryset: QuerySet[Candidate], name: str, value: slice) -> QuerySet[Candidate]:
        of_class = Case(
            *(When(bpt_class=bpt_class, then=F(field)) for bpt_class, field in CLASS_PROBABILITIES),
            default=None,
            output_field=FloatField(),
        )
        ends = {"probability__gte": value.start, "probability__lte": value.stop}
        return queryset.annotate(probability=of_class).filter(
            **{end: limit for end, limit in ends.items() if limit is not None}
        )

    def with_novelty(self, queryset: QuerySet[Candidate], name: str, value: list[str]) -> QuerySet[Candidate]:
        flag = {"new": Q(new_galaxy=True), "known": Q(new_galaxy=False), "undecided": Q(new_galaxy=None)}
        wanted = Q()
        for novelty in value:
            wanted |= flag[novelty]
        return queryset.filter(wanted)


class WaitingFilterSet(CandidateFilterSet):
    """Filters of /lookups/."""

    waits_for = filters.MultipleChoiceFilter(
        label="Waits for", choices=[(service.value, service.label) for service in DECIDING], method="waiting"
    )

    def waiting(self, queryset: QuerySet[Candidate], name: str, value: list[str]) -> QuerySet[Candidate]:
        wanted = Q()
        for service in value:
            answer = f"{service}_outcome"
            wanted |= Q((f"{answer}__isnull", True)) | Q((f"{answer}__in", ["failed", "not-covered"]))
        return queryset.filter(wanted)


class UnclearFilterSet(CandidateFilterSet):
    """Filters of /unclear/, and of all lists of nebulae."""

    nebula_state = filters.MultipleChoiceFilter(label="Diagnostic", choices=Candidate.NebulaState.choices)
    velocity_lsr_kms = filters.RangeFilter(label="LSR velocity", help_text="km/s")
    near_galaxy = filters.CharFilter(
        label="Near galaxy", lookup_expr="iexact", help_text="On the disc of M31, M33, ..."
    )
    within = WithinFilter(c.UNCLEAR_COLUMNS)


class NebulaFilterSet(UnclearFilterSet):
    """Filters of /nebulae/."""

    STATUS = [("inside", "inside a WISE region"), ("new", "newly found outside")]

    status = filters.MultipleChoiceFilter(label="Status", choices=STATUS, method="with_status")
    region = filters.CharFilter("region__name", label="WISE region", lookup_expr="icontains")
    catalog = filters.CharFilter(
        "region__catalog", label="WISE catalogue code", lookup_expr="iexact", help_text="K, G, C or Q"
    )
    within = WithinFilter((*c.NEBULA_COLUMNS, *c.NEBULA_MORE_COLUMNS))

    def with_status(self, queryset: QuerySet[Candidate], name: str, value: list[str]) -> QuerySet[Candidate]:
        flag = {"inside": Q(new_found=False), "new": Q(new_found=True)}
        wanted = Q()
        for status in value:
            wanted |= flag[status]
        return queryset.filter(wanted)


class RegionFilterSet(ConeFilterSet):
    """Filters of /regions/. Without a version: that which the run was matched with."""

    CERTIFIED = [
        ("known", "known"), ("new", "newly certified"), ("confirmed", "newly certified and confirmed"),
    ]  # fmt: skip

    region = filters.CharFilter("name", label="WISE name holds", lookup_expr="icontains")
    code = filters.MultipleChoiceFilter(
        "catalog", label="WISE catalogue code", choices=HIIRegion.Catalog.choices, distinct=False
    )
    has_spectra = YesNoFilter(label="Holds nebula candidates", method="with_spectra")
    certified = filters.MultipleChoiceFilter(
        label="With spectra, and", choices=CERTIFIED, method="with_certified"
    )
    version = filters.CharFilter(
        label="Version", lookup_expr="iexact", help_text="V2.2, say; that of the run if empty"
    )

    class Meta(ConeFilterSet.Meta):
        model = HIIRegion
        fields: list[str] = []

    def with_spectra(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(n_inside__gt=0) if value else queryset.filter(n_inside=0)

    def with_certified(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        flag = {
            "known": Q(status="known"),
            "new": Q(status="newly certified"),
            "confirmed": Q(region_confirmed=True),
        }
        wanted = Q()
        for certified in value:
            wanted |= flag[certified]
        return queryset.filter(wanted)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("version") else queryset.filter(of_run=True)


class RefusalFilterSet(filters.FilterSet):
    """Filters of /refusals/."""

    file = filters.CharFilter(label="File holds", lookup_expr="icontains")
    reason = filters.CharFilter(label="Reason", lookup_expr="iexact")
    batch = filters.NumberFilter(label="Import")

    class Meta:
        model = Refusal
        fields: list[str] = []
