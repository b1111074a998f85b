"""Addresses of the spectra of a figure, against Django's own."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from hypothesis import given
from hypothesis import strategies as st

from catalog.figures.shown import Shown
from catalog.models import Spectrum

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(NAMES, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_page_s_address_is_what_django_makes_of_its_name(name: str, release: str) -> None:
    shown = Shown(None, None, Spectrum.objects.none(), ())
    address = reverse("spectrum", args=[name])
    assert shown.page_of(name, release) == f"{address}?{urlencode({'release': release})}"
