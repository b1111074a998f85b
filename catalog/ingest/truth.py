"""What the simulator put into simulated spectra, from the table that it writes beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from catalog.models import Release, Spectrum, Truth
from retrieval.readers.read import stem

_FLUX = "flux_"


def truth_import(*, content: bytes, release: Release | None = None) -> int:
    """Join the rows of a truth.ecsv to the simulated spectra of their names; returns how many are new.

    A truth that is held stays as it is. Raises ValueError where the table cannot be read.
    """
    try:
        table = Table.read(content.decode(), format="ascii.ecsv")
        rows = {stem(str(row["file"])): row for row in table}
    except Exception as error:  # astropy raises many types for a table that it cannot read
        raise ValueError(f"truth.ecsv cannot be read: {error}") from error
    spectra = Spectrum.objects.filter(release__simulated=True, truth__isnull=True, name__in=rows)
    if release is not None:
        spectra = spectra.filter(release=release)
    created = [_truth(pk, rows[name]) for pk, name in spectra.values_list("pk", "name")]
    Truth.objects.bulk_create(created, batch_size=500, ignore_conflicts=True)
    return len(created)


def _truth(spectrum_id: int, row: Any) -> Truth:
    return Truth(
        spectrum_id=spectrum_id,
        kind=str(row["kind"]),
        z=float(row["z"]),
        velocity_kms=float(row["velocity_kms"]),
        sigma_kms=float(row["sigma_kms"]),
        bpt_class=_word(row["bpt_class"]),
        region=_word(row["region"]),
        line_fluxes={
            name.removeprefix(_FLUX): float(row[name])
            for name in row.colnames
            if name.startswith(_FLUX) and row[name] > 0
        },
    )


def _word(value: Any) -> str:
    """Text of a cell; ECSV reads an empty one as masked, which would print as "--"."""
    return "" if value is np.ma.masked else str(value)
