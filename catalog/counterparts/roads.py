"""The roads to each service: which providers may be asked, in which order."""

from __future__ import annotations

from django.conf import settings

from catalog.models import Service, Snapshot

from .answers import Names, Provider
from .delimited import CrossId, XMatch
from .snapshots import SnapshotProvider
from .tap import TapCones, TapUpload

RADIUS_ARCSEC = 3.0
"""LAMOST's own practice; an object of larger extent matches within its extent."""
LARGEST_RADIUS_ARCSEC = 180.0

SIMBAD_NAMES = Names(
    "main_id", "ra", "dec", "otype", "rvz_redshift", extent="galdim_majaxis", scale=30.0
)  # fmt: skip
SIMBAD_REACH_ARCSEC = 60.0  # galaxies up to 2 arcmin across match wherever the fibre fell on them


def roads(*, service: str, simulated: bool, snapshot_only: bool = False, month: str = "") -> list[Provider]:
    """Providers of a service, the first to be asked first; empty where there is none.

    ``simulated`` says what is asked about: a simulated snapshot never answers about a real source. ``month``
    (2026-11) names the state of services that have no releases.
    """
    snapshot = newest_snapshot(service=service, simulated=simulated)
    online = [] if snapshot_only else _online(service, month)
    return [*online, *([SnapshotProvider(snapshot)] if snapshot else [])]


def newest_snapshot(*, service: str, simulated: bool) -> Snapshot | None:
    """The snapshot of the latest day that may answer, of one day the one loaded last; retired ones may not.

    For a simulated source it is a simulated one if there is any.
    """
    held = Snapshot.objects.filter(service=service, retired_at__isnull=True)
    if not simulated:
        held = held.filter(simulated=False)
    return held.order_by("-simulated", "-dated", "-pk").first()


def is_online(service: str) -> bool:
    """Whether the service can be asked over the network."""
    return bool(_online(service, ""))


def _online(service: str, month: str) -> list[Provider]:
    url = settings.COUNTERPART_URLS
    if service == Service.SIMBAD:
        return [
            TapUpload(
                service, "simbad-tap", month, url["simbad"], "basic", SIMBAD_NAMES,
                reach_arcsec=SIMBAD_REACH_ARCSEC,
            ),
            XMatch(
                service, "cds-xmatch", month, url["xmatch"], "simbad",
                Names("main_id", "ra", "dec", "main_type", "redshift"),
            ),
        ]  # fmt: skip
    if service == Service.SDSS:
        return [CrossId(service, "sdss-crossid", settings.SDSS_RELEASE, url["sdss"])]
    if service == Service.NED:
        names = Names("prefname", "ra", "dec", "prefphytype", "z", "zunc")
        return [TapCones(service, "ned-tap", month, url["ned"], "NEDTAP.objdir", names)]
    if service == Service.GAIA:
        names = Names(
            "Source", "RA_ICRS", "DE_ICRS", parallax="Plx", parallax_err="e_Plx",
            pm=("pmRA", "pmDE"), pm_err=("e_pmRA", "e_pmDE"),
        )  # fmt: skip
        return [TapUpload(service, "vizier-tap", "DR3", url["vizier"], "I/355/gaiadr3", names)]
    return []
