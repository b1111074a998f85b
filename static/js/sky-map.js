// The sky in Hammer's equal-area projection (AIT of FITS), in degrees, longitude growing to the left.

const RAD = Math.PI / 180;
export const MIDDLE = { equatorial: 180, galactic: 0 }; // longitude in the middle of the map
export const EDGE = { x: (360 * Math.SQRT2) / Math.PI, y: (180 * Math.SQRT2) / Math.PI };

/** Longitude from the middle of the map, -180 to 180. */
const turned = (lon, middle) => ((((lon - middle + 180) % 360) + 360) % 360) - 180;

/** Where a position is drawn: [x, y]. */
export function project(lon, lat, middle) {
  const half = (turned(lon, middle) * RAD) / 2;
  const theta = lat * RAD;
  const gamma = Math.sqrt(2 / (1 + Math.cos(theta) * Math.cos(half))) / RAD;
  return [-2 * gamma * Math.cos(theta) * Math.sin(half), gamma * Math.sin(theta)];
}

/** The position that is drawn there, [lon, lat]; null beyond the edge of the map. */
export function unproject(x, y, middle) {
  const [u, v] = [-x * RAD, y * RAD];
  const rest = 1 - (u / 4) ** 2 - (v / 2) ** 2;
  if (rest < 0.5) return null;
  const z = Math.sqrt(rest);
  const lon = (2 * Math.atan2(z * u, 2 * (2 * z * z - 1))) / RAD;
  return [(((lon + middle) % 360) + 360) % 360, Math.asin(v * z) / RAD];
}

/** Degrees between two positions. */
export function separation([lon, lat], [lon2, lat2]) {
  const haversine = Math.sin(((lat2 - lat) * RAD) / 2) ** 2
    + Math.cos(lat * RAD) * Math.cos(lat2 * RAD) * Math.sin(((lon2 - lon) * RAD) / 2) ** 2;
  return (2 * Math.asin(Math.min(1, Math.sqrt(haversine)))) / RAD;
}

/** Adds the small circle at `radius` degrees around a position to a path of x and y, cut where the map ends. */
export function addCircle(path, lon, lat, radius, middle) {
  const corners = radius < 0.15 ? 12 : radius < 1 ? 24 : 72;
  const [sinLat, cosLat] = [Math.sin(lat * RAD), Math.cos(lat * RAD)];
  const [sinR, cosR] = [Math.sin(radius * RAD), Math.cos(radius * RAD)];
  let before = null;
  for (let n = 0; n <= corners; n += 1) {
    const bearing = (2 * Math.PI * n) / corners;
    const sine = sinLat * cosR + cosLat * sinR * Math.cos(bearing);
    const away = Math.atan2(Math.sin(bearing) * sinR * cosLat, cosR - sinLat * sine);
    before = addPoint(path, project(lon + away / RAD, Math.asin(sine) / RAD, middle), before);
  }
  path.x.push(null);
  path.y.push(null);
}

function addPoint(path, [x, y], before) {
  if (before !== null && Math.abs(x - before) > 60) { path.x.push(null); path.y.push(null); }
  path.x.push(x);
  path.y.push(y);
  return x;
}

/** Meridians and parallels every 30 degrees with the edge of the map: a path, and labels along the equator. */
export function graticule(middle) {
  const path = { x: [], y: [] };
  const add = (points) => {
    for (const [x, y] of points) { path.x.push(x); path.y.push(y); }
    path.x.push(null);
    path.y.push(null);
  };
  const lats = Array.from({ length: 61 }, (_, n) => -90 + 3 * n);
  const within = Array.from({ length: 121 }, (_, n) => middle - 179.999 + (n / 120) * 359.998);
  for (let lon = middle - 150; lon <= middle + 150; lon += 30) add(lats.map((lat) => project(lon, lat, middle)));
  for (const lon of [middle - 179.999, middle + 179.999]) add(lats.map((lat) => project(lon, lat, middle)));
  for (let lat = -60; lat <= 60; lat += 30) add(within.map((lon) => project(lon, lat, middle)));
  const labels = [];
  for (let lon = middle - 150; lon <= middle + 150; lon += 60) {
    const [x, y] = project(lon, 0, middle);
    labels.push({ x, y, text: `${((lon % 360) + 360) % 360}°` });
  }
  for (const lat of [-60, -30, 30, 60]) {
    const [x, y] = project(middle, lat, middle);
    labels.push({ x, y, text: `${lat > 0 ? "+" : "−"}${Math.abs(lat)}°` });
  }
  return { path, labels };
}

/** The cone that holds a visible part of the map: [lon, lat, radius], or null where all of the sky may be seen. */
export function coneOf([x0, x1], [y0, y1], middle) {
  const centre = unproject((x0 + x1) / 2, (y0 + y1) / 2, middle);
  if (!centre) return null;
  let radius = 0;
  for (const u of [x0, (x0 + x1) / 2, x1]) {
    for (const v of [y0, (y0 + y1) / 2, y1]) {
      const corner = unproject(u, v, middle);
      if (!corner) return null;
      radius = Math.max(radius, separation(centre, corner));
    }
  }
  return radius > 0 && radius <= 30 ? [...centre, radius] : null;
}
