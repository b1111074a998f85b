"""What was found, in sentences and as plain values for JSON and tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from django.conf import settings

from catalog import citation
from catalog.columns import KIN_COLUMNS
from catalog.downloads.provenance import describe_run
from retrieval import flags
from retrieval.lines import LINE
from retrieval.readers import WARNINGS

from .evidence import KinEvidence
from .search import Kin, Kinsman


def sentences(kin: Kin) -> Iterator[str]:
    """The findings in words, the redshift first."""
    yield _redshift(kin)
    candidate = kin.candidate
    if candidate and candidate.kind == "galaxy":
        reason = f": {candidate.bpt_reason}" if candidate.bpt_reason else ""
        yield f"By its lines in the BPT diagram: {candidate.bpt_class}{reason}."
    elif candidate:
        reason = f": {candidate.nebula_reason}" if candidate.nebula_reason else ""
        yield (
            f"Its velocity, {candidate.velocity_kms:.0f} km/s, is that of a nebula of our Galaxy or a near "
            f"one; the nebula test says {candidate.nebula_state}{reason}."
        )
    if kin.regions:
        best = kin.regions[0].region
        more = f" and {len(kin.regions) - 1} more" if len(kin.regions) > 1 else ""
        yield f"It lies inside the H II region {best.name} ({best.get_catalog_display()}){more}."
    if kin.galaxy:
        yield f"It lies on the disc of {kin.galaxy}, which may be what emits."
    if kin.is_template:
        yield "It is itself a template of this run, and left out of its own kin."


def _redshift(kin: Kin) -> str:
    redshift, z_rt = kin.line_redshift, kin.z_rt
    if redshift is None:
        said = "Fewer than three of the six lines agree, so there is no redshift from lines"
        return f"{said}; the nearest template says z = {z_rt:.5f}." if z_rt is not None else f"{said}."
    labels = ", ".join(LINE[key].label for key in redshift.lines)
    said = f"z = {redshift.value:.5f} from {len(redshift.lines)} lines ({labels})"
    if z_rt is None:
        return f"{said}; no template could be read to compare."
    verdict = "they agree" if kin.agrees else "they do not agree"
    return f"{said}; the nearest template says {z_rt:.5f}: {verdict} within {kin.run.z_tolerance:g}."


def cell(kinsman: Kinsman, path: str) -> Any:
    """The value of a column of KIN_COLUMNS."""
    return reduce(getattr, path.split("."), kinsman)


def rows(kin: Kin) -> list[tuple[Any, ...]]:
    return [tuple(cell(one, column.path) for column in KIN_COLUMNS) for one in kin.kin]


def as_json(kin: Kin) -> dict[str, Any]:
    """Everything found but the spectra, ready for JSON: vacuum Angstrom, degrees."""
    evidence = KinEvidence(kin)
    redshift, candidate = kin.line_redshift, kin.candidate
    return {
        "spectrum": {
            "name": kin.observed.name,
            "layout": kin.observed.layout,
            "pixels": int(kin.observed.flux.size),
            "wavelength": [float(kin.observed.wavelength[0]), float(kin.observed.wavelength[-1])],
            "flux_unit": kin.observed.header.flux_unit,
            "ra": kin.position[0] if kin.position else None,
            "dec": kin.position[1] if kin.position else None,
            "warnings": {code: WARNINGS[code] for code in kin.observed.warnings},
        },
        "words": list(sentences(kin)),
        "z_cl": redshift.value if redshift else None,
        "z_cl_lines": dict(zip(redshift.lines, redshift.centers, strict=True)) if redshift else {},
        "z_cl_scatter": redshift.scatter if redshift else None,
        "z_rt": kin.z_rt,
        "z_rt_before_reranking": kin.nearest.template.z if kin.nearest else None,
        "agrees": kin.agrees,
        "tolerance": kin.run.z_tolerance,
        "class": _class(kin),
        "probabilities": dict(evidence.probabilities) if candidate else {},
        "near_galaxy": kin.galaxy or None,
        "kin": [dict(zip((c.name for c in KIN_COLUMNS), row, strict=True)) for row in rows(kin)],
        "lines": [
            {
                "line": key,
                "flux": line.flux,
                "flux_err": line.flux_err,
                "ew": line.ew,
                "ew_err": line.ew_err,
                "center": line.center,
                "sigma_kms": line.sigma_kms,
                "snr": line.snr,
                "flags": list(flags.decode(line.flags)),
            }
            for key, line in evidence.measurements.items()
        ],
        "regions": [
            {"name": m.region.name, "catalog": m.region.catalog, "separation_arcsec": m.separation_arcsec,
             "radius_arcsec": m.region.radius_arcsec, "best": m.is_best}
            for m in kin.regions
        ],
        "counterparts": [
            {
                "service": answer.service,
                "outcome": answer.lookup.outcome,
                "release": answer.lookup.release,
                "found": [
                    {"identifier": c.identifier, "type": c.object_type, "z": c.z,
                     "separation_arcsec": c.separation_arcsec}
                    for c in answer.counterparts
                ],
            }
            for answer in evidence.answers.services
            if answer.lookup
        ],
        "run": kin.run.pk,
        "configuration": kin.codebook.label,
        "metric": kin.run.metric,
        "templates": kin.codebook.n_templates,
        "seconds": {name: round(value, 4) for name, value in kin.seconds.items()},
    }  # fmt: skip


def _class(kin: Kin) -> dict[str, Any] | None:
    candidate = kin.candidate
    if candidate is None:
        return None
    galaxy = candidate.kind == "galaxy"
    return {
        "kind": candidate.kind,
        "class": candidate.bpt_class if galaxy else candidate.nebula_state,
        "reason": candidate.bpt_reason if galaxy else candidate.nebula_reason,
        "z": candidate.z_cl,
        "velocity_kms": candidate.velocity_kms,
        "velocity_lsr_kms": candidate.velocity_lsr_kms,
        "log_nii_ha": candidate.log_nii_ha,
        "log_oiii_hb": candidate.log_oiii_hb,
        "log_sii_ha": candidate.log_sii_ha,
        "warnings": list(flags.candidate_warnings(candidate.flags)),
    }


def facts(kin: Kin) -> dict[str, Any]:
    """What the header of a downloaded table of kin says, as `catalog.downloads` has it for lists."""
    releases = {one.template.release.name: one.template.release.simulated for one in kin.kin}
    return {
        "title": f"Kin of {kin.observed.name}",
        "table": "kin",
        "rows": len(kin.kin),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "query": f"configuration={kin.codebook.label}",
        "catalogue": None,
        "run": describe_run(kin.run),
        "releases": list(releases),
        "simulated": kin.observed.header.simulated or any(releases.values()),
        "simulated_templates": any(releases.values()),
        "creator": f"Glowworm {settings.VERSION}",
        "citation": [citation.PAPER, citation.software(settings.VERSION)],
    }
