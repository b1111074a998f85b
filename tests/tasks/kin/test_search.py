"""Find kin: what a run stored comes out again, and an upload is searched as the held spectrum is."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.arrays import load_spectrum
from catalog.models import Neighbour, Run, Spectrum
from retrieval.prepare import prepare
from retrieval.rerank import rerank, sample_weights
from tasks.kin.books import codebooks_ready
from tasks.kin.search import find_kin
from tests.factories import HIIRegionFactory

from .conftest import queries, table_of

pytestmark = pytest.mark.django_db


def test_before_re_ranking_it_finds_what_the_run_stored(run: Run) -> None:
    for codebook in codebooks_ready(run):
        for spectrum in queries(run)[::4]:
            kin = find_kin(observed=load_spectrum(spectrum), codebook=codebook, itself=spectrum.pk)
            stored = Neighbour.objects.get(codebook=codebook, spectrum=spectrum, rank=1)
            assert kin.nearest is not None
            assert (kin.nearest.template.pk, kin.nearest.pq_distance) == (
                stored.template_id,
                stored.distance,
            )
            lines = run.line_redshifts.filter(spectrum=spectrum).first()
            assert kin.z_cl == (lines.z if lines else None)


def test_the_order_is_that_of_the_true_distance_over_good_pixels(run: Run) -> None:
    """The oracle: every template prepared anew and ranked by a weighted distance."""
    codebook = codebooks_ready(run)[0]
    observed = load_spectrum(queries(run)[3])
    kin = find_kin(observed=observed, codebook=codebook, k=50)
    ids = [one.template.pk for one in kin.kin]
    vectors = []
    for one in sorted(kin.kin, key=lambda one: one.template.pk):
        own = load_spectrum(one.template)
        vectors.append(prepare(own.wavelength, own.flux, step=2, mask=own.bad)[0])
    query = prepare(observed.wavelength, observed.flux, step=2, mask=observed.bad)[0]
    weights = sample_weights(observed.wavelength, observed.ivar, observed.bad, 2)
    order, distance = rerank(query, np.stack(vectors), np.arange(len(ids))[None], weights=weights)
    assert ids == [sorted(ids)[row] for row in order[0]]
    assert [one.distance for one in kin.kin] == distance[0].tolist()
    assert sorted(one.rank_before for one in kin.kin) == list(range(1, len(ids) + 1))
    assert [one.rank for one in kin.kin] == list(range(1, len(ids) + 1))


def test_a_template_is_no_kin_of_its_own(run: Run) -> None:
    template = Spectrum.objects.filter(role=Spectrum.Role.TEMPLATE).first()
    assert template is not None
    observed = load_spectrum(template)
    kin = find_kin(observed=observed, codebook=codebooks_ready(run)[0], itself=template.pk)
    assert kin.is_template
    assert template.pk not in [one.template.pk for one in kin.kin]
    uploaded = find_kin(observed=observed, codebook=codebooks_ready(run)[0])
    assert uploaded.kin[0].template.pk == template.pk
    assert uploaded.kin[0].distance == 0


def test_classes_and_lines_are_those_that_the_run_stored(run: Run) -> None:
    """For candidates whose nearest template, ranked anew, is still of their kind."""
    same = 0
    for candidate in run.candidates.select_related("spectrum__release", "region")[:16]:
        kin = find_kin(observed=load_spectrum(candidate.spectrum), codebook=codebooks_ready(run)[0])
        assert kin.candidate is not None
        if kin.candidate.kind != candidate.kind:
            continue
        same += 1
        for name in ("bpt_class", "nebula_state", "near_galaxy", "new_found"):
            assert getattr(kin.candidate, name) == getattr(candidate, name), name
        for name in ("log_nii_ha", "log_oiii_hb", "log_sii_ha", "velocity_lsr_kms"):
            assert getattr(kin.candidate, name) == pytest.approx(getattr(candidate, name)), name
        assert kin.candidate.region == candidate.region
        stored = {line.line: line.flux for line in candidate.measurements.all()}
        for fit in kin.fits:
            assert stored[fit.line] == pytest.approx(fit.flux, nan_ok=True) or np.isnan(fit.flux)
    assert same > 5


def test_an_upload_is_answered_as_the_held_spectrum_is(run: Run, client: Client) -> None:
    spectrum = queries(run)[0]
    raw = spectrum.file.open("rb").read()
    raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    held = client.get(reverse("kin-api"), {"spectrum": spectrum.name, "k": 7}).json()
    for file in (
        SimpleUploadedFile("mine.fits", raw),
        SimpleUploadedFile("mine.fits.gz", gzip.compress(raw)),
        SimpleUploadedFile("mine.csv", table_of(load_spectrum(spectrum))),
    ):
        position = f"{spectrum.ra} {spectrum.dec}"
        mine = client.post(reverse("kin-api"), {"file": file, "k": 7, "position": position}).json()
        assert len(mine.get("kin", mine)) == 7
        for name in ("kin", "z_cl", "z_rt", "agrees", "class", "regions", "lines"):
            assert json.dumps(mine[name]) == json.dumps(held[name]), (file.name, name)


def test_regions_and_near_galaxies_of_a_typed_position(run: Run, client: Client) -> None:
    Run.objects.update(region_version="V9")
    HIIRegionFactory(version="V9", name="G121.17-21.57", glon=121.1744, glat=-21.5733, radius_arcsec=900.0)
    HIIRegionFactory(version="V8", glon=121.1744, glat=-21.5733)
    m31 = {"spectrum": queries(run)[0].name, "position": "10.6847 41.2690"}
    found = client.get(reverse("kin-api"), m31).json()
    assert [region["name"] for region in found["regions"]] == ["G121.17-21.57"]
    assert found["near_galaxy"] == "M31"
    assert any("disc of M31" in sentence for sentence in found["words"])
