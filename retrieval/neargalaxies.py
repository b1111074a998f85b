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

    `entry` is its name in OpenNGC, `ra` and `dec` in degrees (J2000), heliocentric velocity in km/s, axes
    (diameters) in arcmin, position angle of the major axis in degrees from north through east.
    """

    name: str
    entry: str
    ra: float
    dec: float
    velocity_kms: float
    major_arcmin: float
    minor_arcmin: float
    angle: float


# Every galaxy of OpenNGC (Verga; as in pyongc 1.2.2) with |v| < 500 km/s and a major axis of 4 arcmin
# or more, value by value as OpenNGC has it: positions are NED's, axes and angles HyperLEDA's (some SIMBAD's).
# Its minor axis of NGC 4244 is that of M106 and surely too large. It has no entry of Leo A, the Pegasus dwarf
# irregular and Maffei 2, among others: what is not listed is not flagged.
NEAR_GALAXIES: tuple[NearGalaxy, ...] = tuple(
    NearGalaxy(*row)
    for row in (
        ("WLM", "PGC000143", 0.4923, -15.4609, -130, 10.47, 3.55, 5),
        ("NGC 45", "NGC0045", 3.5166, -23.1821, 465, 6.18, 4.44, 159),
        ("NGC 55", "NGC0055", 3.7233, -39.1966, 129, 29.85, 3.05, 101),
        ("IC 10", "IC0010", 5.0723, 59.3038, -348, 6.76, 6.03, 129),
        ("NGC 147", "NGC0147", 8.3005, 48.5087, -193, 9.4, 5.41, 26),
        ("NGC 185", "NGC0185", 9.7415, 48.3374, -204, 12.94, 10.76, 38),
        ("M110", "NGC0205", 10.0920, 41.6853, -246, 16.22, 9.59, 170),
        ("M32", "NGC0221", 10.6743, 40.8653, -199, 7.74, 4.86, 170),
        ("M31", "NGC0224", 10.6848, 41.2691, -300, 177.83, 69.66, 35),
        ("NGC 247", "NGC0247", 11.7856, -20.7604, 159, 19.68, 5.55, 167),
        ("NGC 253", "NGC0253", 11.8880, -25.2882, 259, 26.79, 4.58, 53),
        ("SMC", "NGC0292", 13.1866, -72.8286, 146, 299.92, 179.89, 45),
        ("NGC 300", "NGC0300", 13.7228, -37.6844, 146, 19.41, 13.06, 114),
        ("Sculptor dSph", "ESO351-030", 15.0390, -33.7090, 111, 15.26, 15.26, 99),
        ("IC 1613", "IC1613", 16.1991, 2.1178, -233, 18.32, 17.14, 50),
        ("M33", "NGC0598", 23.4620, 30.6602, -179, 62.09, 36.73, 23),
        ("NGC 625", "NGC0625", 23.7693, -41.4362, 395, 6.55, 2.05, 92),
        ("IC 1727", "IC1727", 26.8745, 27.3334, 351, 6.52, 2.44, 150),
        ("NGC 672", "NGC0672", 26.9772, 27.4328, 436, 7.01, 2.71, 69),
        ("NGC 784", "NGC0784", 30.3205, 28.8372, 195, 4.17, 1.07, 1),
        ("Fornax dSph", "ESO356-004", 39.9972, -34.4492, 55, 12.88, 10.47, 48),
        ("NGC 1313", "NGC1313", 49.5669, -66.4982, 470, 11.07, 9.14, 27),
        ("IC 342", "IC0342", 56.7021, 68.0964, 23, 19.77, 18.79, 0),
        ("NGC 1560", "NGC1560", 68.2045, 71.8831, -37, 8.3, 1.68, 21),
        ("LMC", "ESO056-115", 80.8937, -69.7561, 262, 646, 550, 170),
        ("NGC 2366", "NGC2366", 112.2278, 69.2158, 99, 4.37, 1.44, 31),
        ("NGC 2403", "NGC2403", 114.2142, 65.6026, 129, 19.95, 10.07, 126),
        ("Holmberg II", "UGC04305", 124.7708, 70.7200, 157, 7.94, 5.62, 15),
        ("NGC 2683", "NGC2683", 133.1722, 33.4217, 409, 9.48, 2.7, 44),
        ("NGC 2976", "NGC2976", 146.8144, 67.9164, 12, 5.77, 3.01, 143),
        ("M81", "NGC3031", 148.8882, 69.0653, -42, 21.63, 11.25, 157),
        ("M82", "NGC3034", 148.9697, 69.6794, 219, 10.99, 5.11, 66),
        ("Sextans B", "UGC05373", 150.0004, 5.3322, 304, 4.9, 3.09, 101),
        ("NGC 3109", "NGC3109", 150.7787, -26.1596, 403, 16, 2.74, 93),
        ("NGC 3077", "NGC3077", 150.8295, 68.7339, 12, 5.21, 4.32, 49),
        ("Leo I", "UGC05470", 152.1171, 12.3064, 283, 11.75, 8.51, 81),
        ("Sextans A", "PGC029653", 152.7533, -4.6928, 324, 5.25, 4.47, 0),
        ("Sextans dSph", "PGC088608", 153.2621, -1.6147, 224, 30.2, 12.02, 56),
        ("IC 2574", "IC2574", 157.0978, 68.4121, 48, 12.91, 5.57, 48),
        ("NGC 4144", "NGC4144", 182.4942, 46.4572, 264, 5.24, 1, 103),
        ("NGC 4178", "NGC4178", 183.1935, 10.8660, 440, 4.66, 1.24, 32),
        ("M98", "NGC4192", 183.4512, 14.9003, -120, 11.04, 2.66, 152),
        ("NGC 4214", "NGC4214", 183.9132, 36.3269, 293, 6.79, 5.28, 128),
        ("NGC 4216", "NGC4216", 183.9768, 13.1494, -75, 7.82, 1.84, 20),
        ("NGC 4236", "NGC4236", 184.1755, 69.4626, -1, 23.5, 6.85, 161),
        ("NGC 4244", "NGC4244", 184.3736, 37.8071, 244, 16.22, 7.24, 45),
        ("M106", "NGC4258", 184.7396, 47.3040, 462, 16.98, 7.24, 150),
        ("NGC 4312", "NGC4312", 185.6307, 15.5379, 180, 5.02, 1.15, 170),
        ("NGC 4365", "NGC4365", 186.1178, 7.3177, -66, 5.12, 3.66, 40),
        ("NGC 4395", "NGC4395", 186.4536, 33.5469, 318, 4.17, 1.39, 128),
        ("M86", "NGC4406", 186.5489, 12.9462, -183, 11.53, 8.43, 128),
        ("NGC 4438", "NGC4438", 186.9400, 13.0088, 98, 9.16, 4.02, 27),
        ("NGC 4442", "NGC4442", 187.0162, 9.8037, 351, 4.32, 1.61, 87),
        ("NGC 4449", "NGC4449", 187.0462, 44.0936, 204, 4.66, 2.71, 51),
        ("M91", "NGC4548", 188.8602, 14.4963, 492, 5.55, 4.52, 150),
        ("M89", "NGC4552", 188.9159, 12.5563, 274, 8.13, 8, 150),
        ("M90", "NGC4569", 189.2075, 13.1629, -235, 9.12, 3.82, 22),
        ("NGC 4605", "NGC4605", 189.9974, 61.6092, 145, 5.87, 2.29, 122),
        ("M59", "NGC4621", 190.5093, 11.6470, 431, 4.55, 3.21, 165),
        ("M94", "NGC4736", 192.7211, 41.1204, 287, 7.74, 6.68, 105),
        ("M64", "NGC4826", 194.1818, 21.6830, 402, 10.52, 5.33, 114),
        ("IC 4182", "IC4182", 196.4564, 37.6049, 324, 6.01, 5.52, 0),
        ("NGC 5023", "NGC5023", 198.0525, 44.0412, 404, 6.22, 0.78, 28),
        ("NGC 5102", "NGC5102", 200.4900, -36.6303, 464, 9.71, 3.71, 49),
        ("NGC 5204", "NGC5204", 202.4021, 58.4187, 203, 4.5, 2.82, 5),
        ("M51", "NGC5194", 202.4696, 47.1952, 465, 13.71, 11.67, 163),
        ("NGC 5253", "NGC5253", 204.9832, -31.6401, 403, 5.01, 2.12, 43),
        ("ESO383-087", "ESO383-087", 207.3229, -36.0634, 333, 4.27, 3.31, 86),
        ("M101", "NGC5457", 210.8022, 54.3489, 243, 23.99, 23.07, 28),
        ("Circinus", "ESO097-013", 213.2915, -65.3392, 434, 8.71, 4.27, 37),
        ("NGC 5585", "NGC5585", 214.9508, 56.7291, 303, 4.27, 2.62, 33),
        ("NGC 6503", "NGC6503", 267.3601, 70.1444, 43, 5.94, 1.98, 123),
        ("NGC 6822", "NGC6822", 296.2406, -14.8034, -57, 17.38, 16.75, 27),
        ("NGC 6946", "NGC6946", 308.7180, 60.1539, 45, 11.4, 10.84, 52),
        ("IC 5152", "IC5152", 330.6730, -51.2964, 122, 5.13, 3.6, 103),
        ("NGC 7640", "NGC7640", 350.5274, 40.8454, 370, 8.09, 1.67, 167),
        ("NGC 7793", "NGC7793", 359.4576, -32.5910, 227, 10.42, 6.05, 89),
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
    _, _, lon0, lat0, _, major, minor, angle = (np.array(column)[:, None] for column in columns)
    arcmin = separation_arcsec(lon0, lat0, lon, lat) / 60.0
    turned = position_angle(lon0, lat0, lon, lat) - np.radians(angle)
    reach = 2.0 * arcmin * np.hypot(np.cos(turned) / major, np.sin(turned) / minor)
    nearest = reach.argmin(axis=0)
    covered = reach[nearest, np.arange(lon.size)] <= 1.0
    return names[np.where(covered, nearest + 1, 0)]
