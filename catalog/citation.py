"""What to cite: said by pages, downloads and the docs in the same words."""

PAPER = (
    "Lu, Y. et al. 2022, 106 New Emission-line Galaxies and 29 New Galactic H II Regions are Identified "
    "with Spectra in the Unknown Data Set of LAMOST DR7"
)


def software(version: str) -> str:
    """How to cite this software at a version."""
    return (
        f"Glowworm {version}, a portal to emission-line galaxies and H II regions among unclassified spectra"
    )
