// A figure's arrays made ready, and what is computed from them. No drawing here.

const MASK_GAP = 3; // masked stretches closer than this many pixels are shaded as one
const GAUSSIAN_REACH = 4; // sigma
const FEATURE_REACH = 10; // Angstrom about a click within which a feature is looked for

/** The figure with `good`, `ivar` and `why` for each pixel, and `shaded`: stretches of pixels not to be used. */
export function ready(figure) {
  const n = figure.flux.length;
  const good = new Uint8Array(n).fill(1);
  const why = new Array(n).fill("");
  const shaded = [];
  for (const { pixels: [start, stop], bad, why: words } of figure.masks) {
    for (let i = start; i <= stop; i += 1) {
      why[i] = words;
      if (bad) good[i] = 0;
    }
    if (!bad) continue;
    const last = shaded.at(-1);
    if (last && start - last.stop <= MASK_GAP) Object.assign(last, { stop, words: last.words.add(words) });
    else shaded.push({ start, stop, words: new Set([words]) });
  }
  const ivar = Float64Array.from(figure.error, (error, i) => (error > 0 && good[i] ? 1 / error ** 2 : 0));
  return { ...figure, good, ivar, why, shaded };
}

/**
 * Values smoothed over pixels, each weighted by its inverse variance, so that masked pixels count nothing:
 * sum(k w y) / sum(k w), null where all weights are 0. `kind` is "box" (of `width` pixels, made odd) or
 * "gaussian" (`width` its sigma in pixels); `null` values count nothing either.
 */
export function smooth(values, ivar, { kind, width }) {
  const kernel = kernelOf(kind, width);
  return convolve(values, ivar, kernel, (k, w, y) => [k * w * y, k * w], ([sum, weight]) => sum / weight);
}

/** One sigma of the smoothed values: sqrt(sum(k^2 w)) / sum(k w), pixels being independent. */
export function smoothedError(ivar, { kind, width }) {
  const kernel = kernelOf(kind, width);
  return convolve(ivar, ivar, kernel, (k, w) => [k * k * w, k * w], ([sum, weight]) => Math.sqrt(sum) / weight);
}

function kernelOf(kind, width) {
  const reach = kind === "box" ? Math.floor(width / 2) : Math.ceil(GAUSSIAN_REACH * width);
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    kind === "box" ? 1 : Math.exp(-0.5 * ((i - reach) / width) ** 2));
}

function convolve(values, ivar, kernel, term, ratio) {
  const reach = (kernel.length - 1) / 2;
  return Array.from(values, (_, at) => {
    let sum = 0;
    let weight = 0;
    for (let i = Math.max(0, at - reach); i <= Math.min(values.length - 1, at + reach); i += 1) {
      if (!ivar[i] || values[i] === null) continue;
      const [s, w] = term(kernel[i - at + reach], ivar[i], values[i]);
      sum += s;
      weight += w;
    }
    return weight > 0 ? ratio([sum, weight]) : null;
  });
}

/** Linear interpolation of (x, y), x increasing, at each of `at`; the end values beyond the ends. */
export function interpolate(at, x, y) {
  let i = 0;
  return at.map((value) => {
    while (i < x.length - 2 && x[i + 1] < value) i += 1;
    const t = Math.min(1, Math.max(0, (value - x[i]) / (x[i + 1] - x[i])));
    return y[i] * (1 - t) + y[i + 1] * t;
  });
}

/** Pixels `start` up to `stop` whose wavelengths lie in a range, by bisection. */
export function within(wavelength, first, last) {
  const at = (value) => {
    let [low, high] = [0, wavelength.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (wavelength[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [at(first), at(last)];
}

/** The centre, vacuum Angstrom, of the line in emission or absorption about a wavelength: its own where there is none. */
export function featureNear(figure, at) {
  const [start, stop] = within(figure.wavelength, at - FEATURE_REACH, at + FEATURE_REACH);
  const wave = figure.wavelength.slice(start, stop);
  if (wave.length < 3) return at;
  const level = interpolate(wave, figure.continuum.wavelength, figure.continuum.flux);
  const over = wave.map((_, i) => (figure.good[start + i] ? figure.flux[start + i] - level[i] : 0));
  const peak = over.reduce((best, value, i) => (Math.abs(value) > Math.abs(over[best]) ? i : best), 0);
  const strong = (i) => over[i] / over[peak] > 0.5;
  if (!over[peak]) return at;
  let [first, last] = [peak, peak];
  while (first > 0 && strong(first - 1)) first -= 1;
  while (last < wave.length - 1 && strong(last + 1)) last += 1;
  let [sum, weight] = [0, 0];
  for (let i = first; i <= last; i += 1) {
    sum += wave[i] * over[i];
    weight += over[i];
  }
  return sum / weight;
}
