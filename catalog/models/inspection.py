"""Inspection by people: votes, adjudications, the rule that joins them, and truth to train against.

Nothing is overwritten: a changed vote or adjudication is a new row; the earlier tells when it was replaced.
The database itself refuses to change or delete these rows, so a run that people have inspected stays.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .results import Candidate
from .runs import Run
from .survey import Spectrum


class Verdict(models.TextChoices):
    KEEP = "keep", "keep"
    REJECT = "reject", "reject"
    UNSURE = "unsure", "unsure"


FINAL = [(verdict.value, verdict.label) for verdict in (Verdict.KEEP, Verdict.REJECT)]


class SeenClass(models.TextChoices):
    """What an inspector takes the object for."""

    GALAXY = "galaxy", "emission-line galaxy"
    NEBULA = "nebula", "nebula"
    QSO = "qso", "quasar"
    STAR = "star", "star"
    SKY = "sky", "sky residue"
    NOISE = "noise", "noise or artefact"
    OTHER = "other", "something else"


class Inspector(models.Model):
    """An account that votes. A simulated one draws its votes from the truth with the stated error rates."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="inspector")
    simulated = models.BooleanField(default=False, help_text="True where no person votes.")
    miss_rate = models.FloatField(
        null=True, blank=True, help_text="Simulated: probability of rejecting what is right."
    )
    false_rate = models.FloatField(
        null=True, blank=True, help_text="Simulated: probability of keeping what is wrong."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(simulated=True, miss_rate__range=(0, 1), false_rate__range=(0, 1))
                | Q(simulated=False, miss_rate__isnull=True, false_rate__isnull=True),
                name="inspector_rates_if_simulated",
            )
        ]

    def __str__(self) -> str:
        return self.user.get_username()


class ConsensusRule(models.Model):
    """How votes on a run's candidates become a verdict; the newest rule of a run counts."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="consensus_rules")
    votes_needed = models.SmallIntegerField(default=2, help_text="Votes before a verdict falls.")
    share_needed = models.FloatField(
        default=1.0, help_text="Share of the votes that must agree; else the candidate is a conflict."
    )
    blind = models.BooleanField(default=True, help_text="Inspectors see others' votes only after their own.")
    guidelines = models.TextField(
        blank=True, help_text="What inspectors of this run shall mind; stands above the general guidelines."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(votes_needed__gte=1), name="consensusrule_votes_positive"),
            models.CheckConstraint(
                condition=Q(share_needed__gt=0.5, share_needed__lte=1), name="consensusrule_majority"
            ),
        ]


class Vote(models.Model):
    """One inspector's verdict on one candidate, as it was cast."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="votes")
    inspector = models.ForeignKey(Inspector, on_delete=models.PROTECT, related_name="votes")
    verdict = models.CharField(max_length=10, choices=Verdict)
    seen_class = models.CharField(max_length=10, choices=SeenClass, blank=True)
    z = models.FloatField(null=True, blank=True, help_text="Redshift that the inspector gives, if another.")
    reasons = models.IntegerField(default=0, help_text="Why, from the registry VoteReason.")
    comment = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="Time that the inspector took, s.")
    client_id = models.UUIDField(
        null=True, blank=True, unique=True,
        help_text="Given by the page that cast it: sent twice, it is still one vote.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(
        null=True, blank=True, help_text="When the inspector voted anew or took it back."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "inspector"],
                condition=Q(replaced_at__isnull=True),
                name="vote_one_standing",
            ),
            models.CheckConstraint(
                condition=Q(seconds__isnull=True) | Q(seconds__gte=0), name="vote_seconds_positive"
            ),
        ]

    @property
    def spectrum(self) -> Spectrum:
        """What the vote is about."""
        return self.candidate.spectrum


class InspectionLease(models.Model):
    """A candidate lent to an inspector: until it ends, nobody else is given the vote that it stands for.

    The one before the inspector is lent the longest; those that come after it are lent ahead, for less.
    """

    inspector = models.ForeignKey(Inspector, on_delete=models.CASCADE, related_name="leases")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="leases")
    begun_at = models.DateTimeField(help_text="When the inspector was given it.")
    until = models.DateTimeField(help_text="When it is given to others again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspector", "candidate"], name="inspectionlease_unique")
        ]


class Adjudication(models.Model):
    """A resolver's last word on one candidate."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="adjudications")
    resolver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="adjudications"
    )
    verdict = models.CharField(max_length=10, choices=FINAL)
    seen_class = models.CharField(max_length=10, choices=SeenClass, blank=True)
    z = models.FloatField(null=True, blank=True, help_text="Redshift that the resolver gives, if another.")
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True, blank=True, help_text="When another one took its place.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate"], condition=Q(replaced_at__isnull=True), name="adjudication_one_standing"
            )
        ]


class GoldStandard(models.Model):
    """A candidate whose truth is known, to practise on and to score inspectors with."""

    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="gold_standard")
    verdict = models.CharField(max_length=10, choices=FINAL)
    seen_class = models.CharField(max_length=10, choices=SeenClass)
    z = models.FloatField(null=True, blank=True, help_text="True redshift.")
    origin = models.CharField(max_length=200, help_text="How the truth is known.")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
        help_text="Who set it, and so does not vote on it.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
