"""Which release a spectrum belongs to: the one that was named, else the one that its header tells."""

from __future__ import annotations

import re

from django.utils.text import slugify

from catalog.models import Release
from retrieval.readers import SpectrumHeader


def release_of(header: SpectrumHeader) -> Release:
    """The release of a header, made where it is new: survey and data version, such as LAMOST DR7.

    What was simulated has a release of its own.
    """
    if header.simulated:
        name = f"Simulated {header.survey} survey"
    elif header.release.startswith(header.survey):
        name = header.release
    else:
        name = f"{header.survey} {header.release}".strip()
    return _release(slugify(name.replace(".", "-")), name, header.survey, header.simulated)


def check_slug(slug: str) -> None:
    """Raise ValueError where the text cannot be the slug of a release."""
    if not re.fullmatch(r"[a-z0-9_-]{1,50}", slug):
        raise ValueError(
            f"“{slug}” cannot name a release: use up to 50 lower-case letters, digits and hyphens"
        )


def release_named(*, slug: str, survey: str, simulated: bool) -> Release:
    """The release of that slug, made where it is new. Raises ValueError where it is not a slug."""
    check_slug(slug)
    words = [
        word.upper() if re.fullmatch(r"lamost|sdss|dr\d+", word) else word for word in slug.split("-") if word
    ]
    return _release(slug, " ".join(words), survey, simulated)


def _release(slug: str, name: str, survey: str, simulated: bool) -> Release:
    release, _ = Release.objects.get_or_create(
        slug=slug[:50], defaults={"name": name[:120], "survey": survey[:40], "simulated": simulated}
    )
    return release
