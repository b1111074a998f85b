"""The worked example: every step equal to its plain definition, bounds, and spectra that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client

from catalog.models import Run, Spectrum
from catalog.worked_example import ExampleError, default_spectra, spectra_called, work_out
from retrieval.lines import LINE
from retrieval.readers import ObservedSpectrum, SpectrumHeader
from retrieval.readers.writer import lamost_bytes
from tests import factories as f
from tests.catalog.pages.test_home import text

pytestmark = pytest.mark.django_db
NAMES = ("spec-one", "spec-two", "spec-three", "spec-query")


def content(name: str, slope: float, z: float | None) -> bytes:
    """A file with a sloping, slightly noisy continuum and, at ``z``, H alpha and [O III]."""
    wavelength = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    flux = 100.0 * np.exp(slope * (wavelength - 6400) / 2500)
    for key in ("ha", "oiii_5008") if z is not None else ():
        flux += 400 * np.exp(-0.5 * ((wavelength - LINE[key].wavelength * (1 + (z or 0))) / 4) ** 2)
    flux += np.random.default_rng(len(name)).normal(scale=2.0, size=flux.size)
    zeros = np.zeros(3909, dtype=np.int32)
    spectrum = ObservedSpectrum(
        name, "lamost-image5", wavelength, flux.astype(np.float32), np.full(3909, 0.04, np.float32),
        zeros, zeros, SpectrumHeader(survey="LAMOST", obsid=1, ra=150.0, dec=2.0, lmjd=56649, cls="Unknown"),
    )  # fmt: skip
    return lamost_bytes(spectrum, "lamost-image5")


@pytest.fixture
def four(db: None) -> list[Spectrum]:
    """The query has nearly the continuum of the first, and the lines of the third."""
    looks = ((0.6, None), (-0.9, None), (-0.3, 0.2), (0.7, 0.2))
    return [
        f.SpectrumFactory(name=name, with_file=content(name, *look))
        for name, look in zip(NAMES, looks, strict=True)
    ]


QUERY = "&".join(f"spectrum={name}" for name in NAMES)


@pytest.mark.parametrize("metric", ["l2_sum", "l2_squared"])
@pytest.mark.parametrize(("segments", "centers"), [(25, 2), (5, 3), (100, 4)])
def test_each_step_is_its_definition(four: list[Spectrum], metric: str, segments: int, centers: int) -> None:
    run = f.RunFactory(metric=metric)
    example = work_out(spectra=four, segments=segments, centers=centers, run=run)
    width = 2500 // segments
    query = example.prepared[3].astype(np.float64)
    assert example.centers.shape == (segments, centers, width)
    assert len(example.edges) == segments + 1
    assert (example.edges[0], example.edges[-1]) == (3900, 8900)
    sums = np.zeros(4)
    for m in range(segments):
        here = slice(m * width, (m + 1) * width)
        for n in range(4):
            away = np.linalg.norm(example.centers[m] - example.prepared[n, here].astype(np.float64), axis=1)
            assert example.codes[n, m] == np.argmin(away)
        away = np.linalg.norm(example.centers[m] - query[here], axis=1)
        entries = away if metric == "l2_sum" else away**2
        assert example.table[m] == pytest.approx(entries, abs=1e-6)
        for n in range(4):
            assert example.parts[n, m] == pytest.approx(entries[example.codes[n, m]], abs=1e-6)
            sums[n] += entries[example.codes[n, m]]
    assert example.distances == pytest.approx(sums, rel=1e-5)
    assert example.ranks.tolist() == (np.argsort(np.argsort(sums, kind="stable")) + 1).tolist()


def test_it_ranks_as_the_paper_and_names_what_decides(client: Client, four: list[Spectrum]) -> None:
    page = client.get(f"/how-it-works/?{QUERY}")
    assert [(n, rank, theirs) for n, _, _, rank, _, theirs in page.context["distances"]] == [
        (1, 2, 2), (2, 4, 4), (3, 3, 3), (4, 1, 1)
    ]  # fmt: skip
    example = page.context["example"]
    first, second = example.others[:2]
    gained = sum(difference for _, difference in example.decisive)
    assert gained == pytest.approx(example.distances[second] - example.distances[first], rel=1e-4)
    differences = [row[-1] for row in page.context["decisive"]]
    assert differences == sorted(differences, reverse=True)
    # Only the third has the query's lines: there, and nowhere else, it is nearer than the first.
    lines = [LINE[key].wavelength * 1.2 for key in ("ha", "oiii_5008")]
    m, difference = example.decisive[-1]
    assert (first, second) == (0, 2)
    assert difference < 0
    assert any(example.edges[m] <= line < example.edges[m + 1] for line in lines)


def test_plots_and_permalink(client: Client, four: list[Spectrum]) -> None:
    page = client.get(f"/how-it-works/?{QUERY}&m=10&k=3")
    again = client.get(f"/how-it-works/{page.context['asked'].query}")
    assert again.context["example"].distances.tolist() == page.context["example"].distances.tolist()
    example = page.context["example"]
    drawn = {name: client.get(url).json() for name, url in page.context["plots"].items()}
    assert len(drawn["spectra"]["layout"]["shapes"]) == 11
    assert len(drawn["spectra"]["data"]) == 8
    assert len(drawn["centres"]["data"]) == 1 + 3
    for n, trace in enumerate(drawn["segments"]["data"]):
        assert trace["y"][:-1] == pytest.approx(example.parts[n], rel=1e-4)
    assert client.get("/how-it-works/other.json").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"{QUERY}&m=7", "M may be 5, 10, 25, 50, 100"),
        (f"{QUERY}&k=5", "and K 2, 3, 4"),
        (f"{QUERY}&k=-2", "and K 2, 3, 4"),
        ("spectrum=spec-one&spectrum=spec-two", "Name 4 different spectra"),
        ("&".join(["spectrum=spec-one"] * 4), "Name 4 different spectra"),
        (QUERY.replace("spec-two", "nothing%00"), "No spectrum named nothing is held"),
        (QUERY.replace("spec-two", "spec-row"), "No spectrum named spec-row is held with its file"),
        (QUERY.replace("spec-two", "spec-broken"), "spec-broken cannot be prepared"),
    ],
)
def test_what_cannot_be_worked_out_is_said(
    client: Client, four: list[Spectrum], query: str, said: str
) -> None:
    f.SpectrumFactory(name="spec-row")
    f.SpectrumFactory(name="spec-broken", with_file=b"SIMPLE  =                    T")
    assert said in text(client, f"/how-it-works/?{query}", 400)
    answer = client.get(f"/how-it-works/spectra.json?{query}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_default_is_of_the_run(client: Client, four: list[Spectrum]) -> None:
    assert "Four spectra with their files are needed" not in text(client, "/how-it-works/")
    template, nebula, other, query = four
    run = f.RunFactory()
    f.CandidateFactory(run=run, spectrum=query)
    f.CandidateFactory(run=run, spectrum=nebula, nebula=True)
    Spectrum.objects.filter(pk=query.pk).update(snr_r=50.0)
    book = f.CodebookFactory(run=run, centers=2)
    f.NeighbourFactory(codebook=book, spectrum=query, template=template, z=0.1)
    assert [one.pk for one in default_spectra(run=run)] == [template.pk, nebula.pk, other.pk, query.pk]
    assert client.get("/how-it-works/").context["asked"].names == list(NAMES)


def test_an_empty_portal(client: Client) -> None:
    assert "Four spectra with their files are needed; 0 are held" in text(client, "/how-it-works/")
    assert client.get("/how-it-works/?run=7").status_code == 404


def test_of_namesakes_the_newest_release_counts(four: list[Spectrum]) -> None:
    newer = f.SpectrumFactory(
        name="spec-one", release=f.ReleaseFactory(slug="dr8"), with_file=content("spec-one", 0.1, None)
    )
    assert spectra_called(names=NAMES)[0].pk == newer.pk
    with pytest.raises(ExampleError, match="Four spectra"):
        work_out(spectra=four[:3], segments=25, centers=2, run=None)


def test_the_run_s_normalisation_is_used(four: list[Spectrum]) -> None:
    plain = work_out(spectra=four, segments=25, centers=2, run=None)
    printed = f.RunFactory(normalization=Run.Normalization.AS_PRINTED)
    example = work_out(spectra=four, segments=25, centers=2, run=printed)
    assert np.linalg.norm(plain.prepared, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(example.prepared, axis=1).max() < 0.01
