"""The admin shows what is held, and lets nobody change what came from files."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.models import Candidate, Run, Spectrum
from tests.factories import (
    CandidateFactory,
    HIIRegionFactory,
    RefusalFactory,
    ReleaseFactory,
    RunFactory,
    SpectrumFactory,
    UserFactory,
    VoteFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


FACTORIES = {
    "release": ReleaseFactory,
    "spectrum": SpectrumFactory,
    "importbatch": lambda: RefusalFactory().batch,
    "refusal": RefusalFactory,
    "hiiregion": HIIRegionFactory,
    "run": RunFactory,
    "candidate": CandidateFactory,
}


@pytest.mark.parametrize("model", FACTORIES)
def test_lists_and_rows_open(operator, model):
    row = FACTORIES[model]()
    listed = operator.get(reverse(f"admin:catalog_{model}_changelist"))
    assert listed.status_code == 200
    assert str(row.pk) in listed.content.decode()
    assert operator.get(reverse(f"admin:catalog_{model}_change", args=[row.pk])).status_code == 200
    assert operator.get(reverse(f"admin:catalog_{model}_add")).status_code == 403


def test_an_import_leads_to_its_refusals(operator):
    refusal, other = RefusalFactory(), RefusalFactory()
    page = operator.get(reverse("admin:catalog_importbatch_changelist")).content.decode()
    address = f"{reverse('admin:catalog_refusal_changelist')}?batch__id__exact={refusal.batch.pk}"
    assert address in page
    listed = operator.get(address).content.decode()
    assert refusal.file in listed
    assert other.file not in listed


def test_only_the_role_of_a_spectrum_changes(operator):
    row = SpectrumFactory()
    address = reverse("admin:catalog_spectrum_change", args=[row.pk])
    assert operator.post(address, {"role": "other", "z": "0.5", "sha256": "x"}).status_code == 302
    row.refresh_from_db()
    assert (row.role, row.z, row.sha256) == ("other", None, "")


def test_a_template_without_redshift_is_refused_in_words(operator):
    row = SpectrumFactory(z=None)
    page = operator.post(reverse("admin:catalog_spectrum_change", args=[row.pk]), {"role": "template"})
    assert page.status_code == 200
    assert "needs a published redshift" in page.content.decode()
    assert Spectrum.objects.get().role == "unknown"


@pytest.mark.parametrize("inspected", [False, True])
def test_deleting_a_run_counts_its_rows_and_keeps_what_people_said(operator, inspected):
    candidate = CandidateFactory()
    CandidateFactory.create_batch(3, run=candidate.run)
    if inspected:
        VoteFactory(candidate=candidate)
    address = reverse("admin:catalog_run_delete", args=[candidate.run_id])
    page = operator.get(address).content.decode()
    assert ("was inspected (1 votes): what people said is kept" if inspected else "4 candidates") in page
    assert candidate.spectrum.name not in page
    operator.post(address, {"post": "yes"})
    assert Run.objects.filter(pk=candidate.run_id).exists() == inspected
    assert Candidate.objects.count() == (4 if inspected else 0)


def test_it_needs_staff(client):
    client.force_login(UserFactory())
    assert client.get(reverse("admin:catalog_spectrum_changelist")).status_code == 302
