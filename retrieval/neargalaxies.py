"""Near galaxies that move as slowly as nebulae of our own: whose disc covers a position.

Their H II regions fall under the 500 km/s that part nebulae from galaxies, so a nebula candidate on such a
disc may belong to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.match import position_angle, separation_arcsec


class NearGalaxy(NamedTuple):
    """A galaxy and its disc: the ellipse of its 25 B mag/arcsec^2 isophote.

    `ra`, `dec` in degrees (J2000), heliocentric velocity in km/s, axes (diameters) in arcmin, position angle
    of the major axis in degrees from north through east (0 where the disc is round).
    """

    name: str
    ra: float
    dec: float
    velocity_kms: float
    major_arcmin: float
    minor_arcmin: float
    angle: float


# Diameters, axis ratios and position angles after the Third Reference Catalogue of Bright Galaxies (RC3; de
# Vaucouleurs et al. 1991), D25 and R25; positions and velocities after NED. Compared with OpenNGC, which
# has all but three of them: positions within 10 arcsec, velocities within 25 km/s but for some of Virgo, and
# diameters mostly within a quarter. Galaxies of |v| < 500 km/s and D25 of 5 arcmin or more, in the Local
# Group, around it and towards Virgo. What is not listed is not flagged.
NEAR_GALAXIES: tuple[NearGalaxy, ...] = tuple(
    NearGalaxy(*row)
    for row in (
        # The Local Group and its edge
        ("M31", 10.6847, 41.2690, -300, 190.5, 61.7, 35),
        ("M32", 10.6743, 40.8652, -200, 8.7, 6.5, 170),
        ("NGC 205", 10.0920, 41.6853, -241, 21.9, 11.0, 170),
        ("NGC 147", 8.3005, 48.5088, -193, 13.2, 7.8, 25),
        ("NGC 185", 9.7415, 48.3374, -202, 11.7, 10.0, 35),
        ("M33", 23.4621, 30.6599, -179, 70.8, 41.7, 23),
        ("LMC", 80.8938, -69.7561, 278, 645.7, 549.5, 170),
        ("SMC", 13.1867, -72.8286, 158, 316.2, 186.2, 45),
        ("IC 10", 5.0722, 59.3038, -348, 6.8, 5.9, 0),
        ("NGC 6822", 296.2406, -14.8034, -57, 15.5, 13.5, 5),
        ("IC 1613", 16.1992, 2.1178, -234, 16.2, 14.5, 50),
        ("WLM", 0.4923, -15.4609, -122, 11.5, 4.0, 4),
        ("Pegasus dIrr", 352.1512, 14.7432, -183, 5.0, 2.7, 122),
        ("Leo A", 149.8604, 30.7464, 24, 5.1, 3.1, 104),
        ("Sextans A", 152.7533, -4.6928, 324, 5.9, 4.9, 0),
        ("Sextans B", 150.0004, 5.3322, 300, 5.1, 3.5, 110),
        ("NGC 3109", 150.7792, -26.1600, 403, 19.1, 3.7, 93),
        # M81 and NGC 2403
        ("M81", 148.8882, 69.0653, -34, 26.9, 14.1, 157),
        ("M82", 148.9685, 69.6797, 203, 11.2, 4.3, 65),
        ("NGC 3077", 150.8295, 68.7339, 14, 5.4, 4.5, 45),
        ("NGC 2976", 146.8144, 67.9163, 3, 5.9, 2.7, 143),
        ("NGC 2403", 114.2142, 65.6026, 131, 21.9, 12.3, 127),
        ("NGC 2366", 112.2279, 69.2153, 80, 8.1, 3.3, 25),
        ("NGC 4236", 184.1755, 69.4626, 0, 21.9, 7.2, 162),
        ("IC 2574", 157.0978, 68.4121, 57, 13.2, 5.4, 50),
        ("Holmberg II", 124.7708, 70.7203, 142, 7.9, 6.3, 15),
        # Maffei and IC 342, and near them in the sky
        ("IC 342", 56.7021, 68.0961, 31, 21.4, 20.9, 0),
        ("Maffei 2", 40.4794, 59.6041, -17, 5.8, 1.6, 26),
        ("NGC 1560", 68.2077, 71.8812, -36, 9.8, 1.7, 23),
        ("NGC 6946", 308.7180, 60.1539, 48, 11.5, 9.8, 0),
        ("NGC 6503", 267.3604, 70.1444, 25, 7.1, 2.4, 123),
        # Sculptor
        ("NGC 55", 3.7233, -39.1966, 129, 32.4, 5.6, 108),
        ("NGC 247", 11.7857, -20.7604, 160, 21.4, 6.9, 174),
        ("NGC 253", 11.8880, -25.2882, 243, 27.5, 6.8, 52),
        ("NGC 300", 13.7228, -37.6844, 144, 21.9, 15.5, 111),
        ("NGC 7793", 359.4576, -32.5910, 227, 9.3, 6.3, 98),
        # Canes Venatici, M101, M51
        ("NGC 4144", 182.4942, 46.4575, 265, 6.0, 1.3, 104),
        ("NGC 4214", 183.9133, 36.3269, 291, 8.5, 6.6, 0),
        ("NGC 4244", 184.3736, 37.8071, 244, 16.6, 1.9, 48),
        ("M106", 184.7396, 47.3040, 448, 18.6, 7.2, 150),
        ("NGC 4395", 186.4538, 33.5469, 319, 13.2, 11.0, 147),
        ("NGC 4449", 187.0463, 44.0936, 207, 6.2, 4.4, 45),
        ("NGC 4605", 189.9975, 61.6092, 143, 5.8, 2.2, 125),
        ("M94", 192.7211, 41.1203, 308, 11.2, 9.1, 105),
        ("M64", 194.1821, 21.6827, 408, 10.0, 5.4, 115),
        ("NGC 5023", 198.0525, 44.0412, 407, 6.0, 0.8, 28),
        ("NGC 5204", 202.4020, 58.4187, 201, 5.0, 3.0, 5),
        ("M51", 202.4696, 47.1952, 463, 11.2, 6.9, 163),
        ("M101", 210.8023, 54.3488, 241, 28.8, 26.9, 0),
        ("NGC 5585", 214.9511, 56.7296, 305, 5.8, 3.7, 30),
        # Others
        ("NGC 672", 26.9771, 27.4328, 429, 7.2, 2.6, 65),
        ("IC 1727", 26.8746, 27.3333, 345, 6.9, 3.1, 150),
        ("NGC 784", 30.3208, 28.8372, 198, 6.6, 1.5, 0),
        ("NGC 2683", 133.1721, 33.4219, 411, 9.3, 2.2, 44),
        ("NGC 5253", 204.9832, -31.6401, 404, 5.0, 1.9, 45),
        ("NGC 7640", 350.5275, 40.8454, 369, 10.5, 2.0, 167),
        # Towards Virgo
        ("M98", 183.4512, 14.9005, -142, 9.8, 2.8, 155),
        ("NGC 4216", 183.9768, 13.1494, 131, 8.1, 1.8, 19),
        ("M86", 186.5490, 12.9460, -244, 8.9, 5.8, 130),
        ("NGC 4438", 186.9403, 13.0088, 71, 8.5, 3.2, 27),
        ("M91", 188.8602, 14.4963, 486, 5.4, 4.3, 150),
        ("M89", 188.9159, 12.5563, 340, 5.1, 4.7, 0),
        ("M90", 189.2075, 13.1629, -235, 9.5, 4.4, 23),
    )
)


def near_galaxy(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.str_]:
    """Name of the near galaxy whose disc covers each position, "" where there is none.

    Degrees (ICRS), of shape (n,). Where several discs overlap, the one whose centre is nearest in units of
    its own disc: M32 before M31, in whose disc it lies.
    """
    lon, lat = np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise ValueError(f"ra has shape {lon.shape}, dec {lat.shape}: need one (n,).")
    names = np.array(["", *(galaxy.name for galaxy in NEAR_GALAXIES)])
    if not lon.size:
        return names[:0]
    columns = zip(*NEAR_GALAXIES, strict=True)
    _, lon0, lat0, _, major, minor, angle = (np.array(column)[:, None] for column in columns)
    arcmin = separation_arcsec(lon0, lat0, lon, lat) / 60.0
    turned = position_angle(lon0, lat0, lon, lat) - np.radians(angle)
    reach = 2.0 * arcmin * np.hypot(np.cos(turned) / major, np.sin(turned) / minor)
    nearest = reach.argmin(axis=0)
    covered = reach[nearest, np.arange(lon.size)] <= 1.0
    return names[np.where(covered, nearest + 1, 0)]
