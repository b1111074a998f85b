"""Candidates of a run, their measured lines and classes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from .counterparts import Counterpart, CounterpartLookup
from .regions import HIIRegion
from .runs import Run
from .survey import Spectrum

_SAID = "What stands of {}'s answers about the source; empty where it was never asked."
_NEAREST = "The nearest object of {}, where its answer is a match."

_MATCHED, _NO_MATCH = CounterpartLookup.Outcome.MATCHED, CounterpartLookup.Outcome.NO_MATCH
_NEW = Case(
    When(Q(simbad_outcome=_MATCHED) | Q(sdss_outcome=_MATCHED) | Q(ned_outcome=_MATCHED), then=Value(False)),
    When(simbad_outcome=_NO_MATCH, sdss_outcome=_NO_MATCH, ned_outcome=_NO_MATCH, then=Value(True)),
    default=None,
)


class Candidate(models.Model):
    """A spectrum whose z_CL and z_RT agree in at least one configuration of a run."""

    class Kind(models.TextChoices):
        GALAXY = "galaxy", "emission-line galaxy"
        NEBULA = "nebula", "nebula"

    class BptClass(models.TextChoices):
        STAR_FORMING = "star-forming", "star-forming"
        COMPOSITE = "composite", "composite"
        LINER = "LINER", "LINER"
        SEYFERT = "Seyfert", "Seyfert"
        UNCLASSIFIED = "unclassified", "unclassified"

    class NebulaState(models.TextChoices):
        HII = "H II-like", "H II-like"
        PN = "PN-like", "PN-like"
        UNDETERMINED = "undetermined", "undetermined"

    class InspectionState(models.TextChoices):
        WAITING = "waiting", "waiting for votes"
        CONFLICT = "conflict", "votes disagree"
        KEPT = "kept", "kept"
        REJECTED = "rejected", "rejected"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="candidates")
    spectrum = models.ForeignKey(Spectrum, on_delete=models.CASCADE, related_name="candidates")
    kind = models.CharField(max_length=10, choices=Kind)
    is_primary = models.BooleanField(
        default=True, help_text="One per unique source and run: the spectrum of highest S/N r."
    )
    z_cl = models.FloatField(help_text="Redshift from lines.")
    z_rt = models.FloatField(
        help_text="Redshift of the nearest template, in the agreeing configuration of smallest |z_CL - z_RT|."
    )
    velocity_kms = models.FloatField(help_text="c z_CL, heliocentric, km/s.")
    n_lines = models.SmallIntegerField(help_text="Lines that agree on z_CL.")
    n_configurations = models.SmallIntegerField(help_text="Configurations that confirm it.")

    measured_at = models.DateTimeField(null=True, blank=True, help_text="Empty until the lines are measured.")
    log_nii_ha = models.FloatField(null=True, blank=True, help_text="log([N II]6585 / Ha), dex.")
    log_nii_ha_err = models.FloatField(null=True, blank=True, help_text="Error of log([N II]6585 / Ha), dex.")
    log_sii_ha = models.FloatField(null=True, blank=True, help_text="log([S II]6718+6732 / Ha), dex.")
    log_sii_ha_err = models.FloatField(
        null=True, blank=True, help_text="Error of log([S II]6718+6732 / Ha), dex."
    )
    log_oiii_hb = models.FloatField(null=True, blank=True, help_text="log([O III]5008 / Hb), dex.")
    log_oiii_hb_err = models.FloatField(
        null=True, blank=True, help_text="Error of log([O III]5008 / Hb), dex."
    )
    snr_min = models.FloatField(null=True, blank=True, help_text="Lowest S/N among the four BPT lines.")
    bpt_class = models.CharField(max_length=20, choices=BptClass, blank=True)
    bpt_reason = models.CharField(max_length=120, blank=True, help_text="Why it is unclassified.")
    nebula_state = models.CharField(max_length=20, choices=NebulaState, blank=True)
    supernova_remnant_like = models.BooleanField(
        null=True, blank=True, help_text="log([S II]/Ha) above -0.40."
    )
    region = models.ForeignKey(
        HIIRegion, on_delete=models.SET_NULL, null=True, blank=True, related_name="candidates",
        help_text="The best WISE region that holds the position.",
    )  # fmt: skip
    new_found = models.BooleanField(
        null=True, blank=True,
        help_text="Nebulae: false inside a WISE region, true when newly found outside; empty while unclear.",
    )  # fmt: skip

    nebula_reason = models.CharField(
        max_length=120, blank=True, help_text="Why the diagnostic is undetermined."
    )
    nii_is_limit = models.BooleanField(default=False, help_text="log([N II]/Ha) is a 3-sigma upper limit.")
    sii_is_limit = models.BooleanField(default=False, help_text="log([S II]/Ha) is a 3-sigma upper limit.")
    p_star_forming = models.FloatField(null=True, blank=True, help_text="Probability of star-forming.")
    p_composite = models.FloatField(null=True, blank=True, help_text="Probability of composite.")
    p_liner = models.FloatField(null=True, blank=True, help_text="Probability of LINER.")
    p_seyfert = models.FloatField(null=True, blank=True, help_text="Probability of Seyfert.")
    velocity_lsr_kms = models.FloatField(
        null=True, blank=True, help_text="c z_CL in the local standard of rest, km/s; empty without position."
    )
    region_velocity_kms = models.FloatField(
        null=True, blank=True, help_text="The nearest of the region's LSR velocities, km/s."
    )
    near_galaxy = models.CharField(
        max_length=30, blank=True, help_text="Near galaxy whose disc covers the position, such as M31."
    )
    # Stored by counterparts.storing alone. Empty is NULL: lists put it last, files leave it out.
    simbad_outcome = models.CharField(  # noqa: DJ001
        max_length=12, choices=CounterpartLookup.Outcome, null=True, blank=True,
        help_text=_SAID.format("SIMBAD"),
    )  # fmt: skip
    sdss_outcome = models.CharField(  # noqa: DJ001
        max_length=12, choices=CounterpartLookup.Outcome, null=True, blank=True,
        help_text=_SAID.format("SDSS"),
    )  # fmt: skip
    ned_outcome = models.CharField(  # noqa: DJ001
        max_length=12, choices=CounterpartLookup.Outcome, null=True, blank=True,
        help_text=_SAID.format("NED"),
    )  # fmt: skip
    simbad_nearest = models.ForeignKey(
        Counterpart, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_NEAREST.format("SIMBAD"),
    )  # fmt: skip
    sdss_nearest = models.ForeignKey(
        Counterpart, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_NEAREST.format("SDSS"),
    )  # fmt: skip
    ned_nearest = models.ForeignKey(
        Counterpart, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_NEAREST.format("NED"),
    )  # fmt: skip
    new_galaxy = models.GeneratedField(
        expression=_NEW,
        output_field=models.BooleanField(null=True), null=True, db_persist=True,
        help_text="False where one of the three services holds it, true where all three answered that they "
        "hold nothing; empty until then.",
    )  # fmt: skip
    flags = models.IntegerField(default=0, help_text="Warnings, from the registry CandidateFlag.")
    inspection_state = models.CharField(
        max_length=10, choices=InspectionState, default=InspectionState.WAITING,
        help_text="What votes and adjudication have come to.",
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Set when an operator withdraws it.")
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            # Two runs are compared by what the index includes.
            models.UniqueConstraint(
                fields=["run", "spectrum"], include=["id", "kind", "z_cl", "z_rt"], name="candidate_unique"
            ),
            models.CheckConstraint(condition=Q(n_configurations__gte=1), name="candidate_confirmed"),
            models.CheckConstraint(condition=Q(n_lines__gte=3), name="candidate_three_lines"),
            models.CheckConstraint(
                condition=Q(kind="nebula") | Q(new_found__isnull=True, nebula_state=""),
                name="candidate_nebula_fields",
            ),
            models.CheckConstraint(
                condition=Q(kind="galaxy") | Q(bpt_class=""), name="candidate_galaxy_fields"
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="candidate_run_id"),
            models.Index(fields=["run", "z_cl", "id"], name="candidate_run_z"),
            models.Index(fields=["run", "kind", "z_cl", "id"], name="candidate_run_kind_z"),
            models.Index(fields=["run", "kind", "bpt_class"], name="candidate_run_class"),
            models.Index(
                fields=["run", "inspection_state", "id"], include=["withdrawn_at", "kind", "spectrum"],
                name="candidate_run_inspection",
            ),
            models.Index(
                fields=["run", "new_found", "region", "id"], include=["spectrum", "nebula_state"],
                condition=Q(kind="nebula"), name="candidate_nebulae",
            ),
            models.Index(fields=["run", "kind", "new_galaxy"], name="candidate_run_new"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.spectrum_id} in run {self.run_id}"


class LineMeasurement(models.Model):
    """One fitted line of a candidate at z_CL."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="measurements")
    line = models.CharField(max_length=20, help_text="Key in the line table.")
    flux = models.FloatField(
        null=True,
        help_text="Gaussian flux, the spectrum's flux unit times Angstrom; empty where no fit.",
    )
    flux_err = models.FloatField(null=True, help_text="Error of flux, the same unit.")
    flux_limit = models.FloatField(
        null=True, help_text="3-sigma upper limit of the flux, the same unit; empty where detected."
    )
    ew = models.FloatField(
        null=True, help_text="Rest-frame equivalent width, positive in emission, Angstrom."
    )
    ew_err = models.FloatField(null=True, help_text="Error of the equivalent width, Angstrom.")
    center = models.FloatField(help_text="Fitted observed vacuum wavelength, Angstrom.")
    sigma_kms = models.FloatField(null=True, help_text="Fitted width (sigma, instrument not removed), km/s.")
    sigma_kms_err = models.FloatField(
        null=True, help_text="Error of the fitted width, km/s; empty where the width was assumed."
    )
    snr = models.FloatField(null=True, help_text="flux / flux_err.")
    continuum = models.FloatField(
        null=True, help_text="Local continuum at the line, the spectrum's flux unit."
    )
    continuum_err = models.FloatField(null=True, help_text="Error of the continuum, the same unit.")
    absorption_ew = models.FloatField(
        null=True,
        help_text="Stellar absorption removed under the line: rest-frame equivalent width, Angstrom.",
    )
    flags = models.IntegerField(default=0, help_text="Quality bits, from the registry in retrieval.flags.")

    class Meta:
        ordering = ["candidate", "center"]
        constraints = [models.UniqueConstraint(fields=["candidate", "line"], name="linemeasurement_unique")]
