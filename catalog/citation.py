"""What to cite: said by pages, downloads and the docs in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Catalogue

PAPER = (
    "Lu, Y. et al. 2022, 106 New Emission-line Galaxies and 29 New Galactic H II Regions are Identified "
    "with Spectra in the Unknown Data Set of LAMOST DR7"
)


def software(version: str) -> str:
    """How to cite this software at a version."""
    return (
        f"Glowworm {version}, a portal to emission-line galaxies and H II regions among unclassified spectra"
    )


def catalogue(published: Catalogue) -> str:
    """How to cite a published catalogue, with what a reader must not miss."""
    warnings = [
        *(["simulated spectra: no telescope took them"] if published.simulated else []),
        *([] if published.inspected else ["published without inspection"]),
    ]
    return (
        f"Glowworm catalogue {published.number}, {published.title} ({published.published_at:%Y}): "
        f"{published.n_galaxies} galaxies and {published.n_nebulae} nebulae of run {published.run_id} "
        f"({published.run.profile}, code {published.run.code_version}), SHA-256 {published.sha256}"
        + "".join(f"; {warning}" for warning in warnings)
    )


def bibtex(published: Catalogue) -> str:
    """The same as an entry of BibTeX."""
    text = {"\\": "\\textbackslash{}"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}
    fields = {
        "title": "".join(text.get(sign, sign) for sign in published.title),
        "year": f"{published.published_at:%Y}",
        "month": f"{published.published_at:%b}".lower(),
        "version": str(published.number),
        "howpublished": f"Glowworm {published.code_version}, catalogue {published.number}",
        "note": f"SHA-256 {published.sha256}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{glowworm-catalogue-{published.number},", *lines, "}"])
