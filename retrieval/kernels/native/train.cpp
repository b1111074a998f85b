// The nearest centre of each point, exactly, and the sums that k-means needs of it.
//
// Points stand in the lanes of vectors, GROUP centres are compared at a time, and what is kept of a group is its
// least score. Scores |c|^2 / 2 - x.c run in float32, about the mean of the centres and scaled by a power of two;
// a point whose best two scores are within the rounding of that is settled in float64 by the plain definition.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lanes.h"

// Keeps small arrays of vectors in registers.
#define UNROLL _Pragma("GCC unroll 16")

namespace {

constexpr int GROUP = 8;                // centres compared at once
constexpr int PACKS = 2;                // vectors of points
constexpr int TILE = 16 * PACKS;        // points compared at once
constexpr int64_t BLOCK = 64 * TILE;    // points between two settlements of what is unsure
constexpr float INFINITE = std::numeric_limits<float>::infinity();

inline Floats same(float value) { return value - Floats{}; }
inline Floats choose(Ints where, Floats a, Floats b) { return where ? a : b; }

inline bool any(Ints where) {
#if defined(__AVX512F__)
    return _mm512_test_epi32_mask((__m512i)where, (__m512i)where) != 0;
#else
    int64_t words[8], all = 0;
    std::memcpy(words, &where, sizeof where);
    for (int64_t word : words) all |= word;
    return all != 0;
#endif
}

// The centres, less their mean, scaled to a largest norm of 1 to 2, in groups of columns, with the sign that
// lets a score be made by additions.
struct Centers {
    const float* given;
    int64_t count, width, groups;
    double scale;
    std::vector<double> mean;
    std::vector<float> packed, half;

    Centers(const float* c, int64_t k, int64_t d)
        : given(c), count(k), width(d), groups((k + GROUP - 1) / GROUP), mean(d),
          packed(groups * GROUP * d), half(groups * GROUP, INFINITE) {
        for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j < d; j++) mean[j] += double(c[i * d + j]) / double(k);
        double largest = 0;
        for (int64_t i = 0; i < k; i++) largest = std::max(largest, norm(i, 1.0));
        scale = largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1.0;
        for (int64_t i = 0; i < k; i++) {
            double norm2 = 0;
            for (int64_t j = 0; j < d; j++) {
                float value = float((c[i * d + j] - mean[j]) * scale);
                packed[((i / GROUP) * d + j) * GROUP + i % GROUP] = -value;
                norm2 += double(value) * value;
            }
            half[i] = float(norm2 / 2);
        }
    }

    double norm(int64_t i, double by) const {
        double total = 0;
        for (int64_t j = 0; j < width; j++) {
            double value = (given[i * width + j] - mean[j]) * by;
            total += value * value;
        }
        return std::sqrt(total);
    }
};

struct Points {
    const float* first;
    int64_t stride;
    const float* row(int64_t i) const { return first + i * stride; }
};

// 16 rows of 16 numbers that stand `stride` apart become columns, TILE apart.
inline void to_columns(const float* rows, int64_t stride, float* columns) {
    Floats r[16];
    UNROLL for (int i = 0; i < 16; i++) std::memcpy(&r[i], rows + i * stride, sizeof r[i]);
    transpose(r);
    UNROLL for (int i = 0; i < 16; i++) std::memcpy(columns + i * TILE, &r[i], sizeof r[i]);
}

// Points as columns, and their norms; infinite norms stand for what float32 cannot hold beside the centres.
struct Tile {
    std::vector<float> rows, columns;
    float norms[TILE];

    explicit Tile(int64_t width) : rows(width * TILE), columns(width * TILE) {}

    void fill(const Centers& centers, const Points& points, const int64_t* chosen, int64_t count) {
        const int64_t width = centers.width;
        const double* mean = centers.mean.data();
        const double scale = centers.scale;
        for (int lane = 0; lane < TILE; lane++) {
            const float* x = points.row(chosen[std::min<int64_t>(lane, count - 1)]);
            float* row = &rows[lane * width];
            for (int64_t j = 0; j < width; j++) row[j] = float((double(x[j]) - mean[j]) * scale);
        }
        int64_t whole = width - width % 16;
        for (int lane = 0; lane < TILE; lane += 16)
            for (int64_t j = 0; j < whole; j += 16) to_columns(&rows[lane * width + j], width, &columns[j * TILE + lane]);
        float squared[TILE] = {};
        for (int64_t j = 0; j < width; j++) {
            float* column = &columns[j * TILE];
            for (int lane = 0; j >= whole && lane < TILE; lane++) column[lane] = rows[lane * width + j];
            for (int lane = 0; lane < TILE; lane++) squared[lane] += column[lane] * column[lane];
        }
        for (int lane = 0; lane < TILE; lane++) {
            norms[lane] = squared[lane] < 1e30f ? std::sqrt(squared[lane]) : INFINITE;
            if (norms[lane] < INFINITE) continue;
            for (int64_t j = 0; j < width; j++) columns[j * TILE + lane] = 0;
        }
    }
};

inline void score(const Centers& centers, const Tile& tile, int64_t group, Floats s[GROUP][PACKS]) {
    const float* half = &centers.half[group * GROUP];
    const float* c = &centers.packed[group * GROUP * centers.width];
    const Floats* x = reinterpret_cast<const Floats*>(tile.columns.data());
    UNROLL for (int i = 0; i < GROUP; i++)
        UNROLL for (int p = 0; p < PACKS; p++) s[i][p] = same(half[i]);
    for (int64_t j = 0; j < centers.width; j++, c += GROUP, x += PACKS) {
        Floats at[PACKS];
        UNROLL for (int p = 0; p < PACKS; p++) std::memcpy(&at[p], &x[p], sizeof at[p]);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int p = 0; p < PACKS; p++) s[i][p] = fused(at[p], same(c[i]), s[i][p]);
    }
}

inline Floats least_of(const Floats s[GROUP][PACKS], int p) {
    return least(least(least(s[0][p], s[1][p]), least(s[2][p], s[3][p])),
                 least(least(s[4][p], s[5][p]), least(s[6][p], s[7][p])));
}

// The most by which the best score may exceed that of the true nearest centre.
//
// The true one lies within r = |x| + |x - best|. Rounding x, c, |c|^2 and the chain of products moves a score by
// at most (width + 3) 2^-24 r (r + |x|), and there are two scores; 1.1 stands for the rounding of this itself,
// the constant for what underflows.
inline Floats margin(Floats best, const float* norms, float width) {
    Floats norm;
    std::memcpy(&norm, norms, sizeof norm);
    Floats squared = best + best + norm * norm;
    Floats reach = norm + root(squared > 0 ? squared : Floats{});
    reach *= 1.01f;
    return (width + 4.0f) * 1.2e-7f * 1.1f * reach * (reach + norm) + 1e-34f;
}

// Labels of a tile; `limit` is the score up to which a centre may be the nearest, `unsure` where there are two.
void label(const Centers& centers, const Tile& tile, int32_t* labels, float* limit, int32_t* unsure) {
    Floats best[PACKS], others[PACKS], kept[GROUP][PACKS] = {}, s[GROUP][PACKS];
    Ints where[PACKS] = {};
    UNROLL for (int p = 0; p < PACKS; p++) best[p] = others[p] = same(INFINITE);
    for (int64_t group = 0; group < centers.groups; group++) {
        score(centers, tile, group, s);
        UNROLL for (int p = 0; p < PACKS; p++) {
            Floats lowest = least_of(s, p);
            Ints better = lowest < best[p];
            others[p] = least(others[p], choose(better, best[p], lowest));
            if (any(better)) {
                best[p] = choose(better, lowest, best[p]);
                where[p] = better ? Ints{} + int32_t(group) : where[p];
                UNROLL for (int i = 0; i < GROUP; i++) kept[i][p] = choose(better, s[i][p], kept[i][p]);
            }
        }
    }
    UNROLL for (int p = 0; p < PACKS; p++) {
        Ints place = {};
        UNROLL for (int i = GROUP - 1; i >= 0; i--) place = kept[i][p] == best[p] ? Ints{} + i : place;
        UNROLL for (int i = 0; i < GROUP; i++)
            others[p] = least(others[p], choose(place == i, same(INFINITE), kept[i][p]));
        Floats most = best[p] + margin(best[p], tile.norms + 16 * p, float(centers.width));
        Ints labels_here = where[p] * GROUP + place, unsure_here = others[p] <= most;
        std::memcpy(labels + 16 * p, &labels_here, sizeof labels_here);
        std::memcpy(limit + 16 * p, &most, sizeof most);
        std::memcpy(unsure + 16 * p, &unsure_here, sizeof unsure_here);
    }
}

constexpr int SQUARES = 8;  // lanes in which the squares of a point are added up

// Squared distances to the centres of the labels, every SQUARES-th sample in a lane of its own, as all forms do it.
inline void squared_distances(const Points& points, const float* c, const int32_t* labels, int64_t width,
                              int64_t start, int64_t end, double* squared) {
    for (int64_t i = start; i < end; i++) {
        const float *x = points.row(i), *y = c + labels[i] * width;
        double lanes[SQUARES] = {}, total = 0;
        int64_t j = 0;
        for (; j + SQUARES <= width; j += SQUARES)
            for (int lane = 0; lane < SQUARES; lane++) {
                double difference = double(x[j + lane]) - double(y[j + lane]);
                lanes[lane] += difference * difference;
            }
        for (int lane = 0; j + lane < width; lane++) {
            double difference = double(x[j + lane]) - double(y[j + lane]);
            lanes[lane] += difference * difference;
        }
        for (double lane : lanes) total += lane;
        squared[i] = total;
    }
}

inline double squared_distance(const float* x, const float* c, int64_t width) {
    double total = 0;
    for (int64_t j = 0; j < width; j++) {
        double difference = double(x[j]) - double(c[j]);
        total += difference * difference;
    }
    return total;
}

// Labels of `count` unsure points: every centre within its limit is weighed in float64, the lowest first.
void settle(const Centers& centers, const Points& points, Tile& tile, const int64_t* rows, const float* limits,
            int64_t count, int32_t* labels) {
    double nearest[TILE];
    Floats limit[PACKS], s[GROUP][PACKS];
    std::fill(nearest, nearest + TILE, std::numeric_limits<double>::infinity());
    float of_lane[TILE];
    for (int lane = 0; lane < TILE; lane++) of_lane[lane] = lane < count ? limits[lane] : -INFINITE;
    std::memcpy(limit, of_lane, sizeof limit);
    tile.fill(centers, points, rows, count);
    for (int64_t group = 0; group < centers.groups; group++) {
        score(centers, tile, group, s);
        UNROLL for (int i = 0; i < GROUP; i++) {
            int64_t k = group * GROUP + i;
            for (int p = 0; p < PACKS && k < centers.count; p++) {
                Ints near = s[i][p] <= limit[p];
                if (!any(near)) continue;
                for (int lane = 0; lane < 16; lane++) {
                    if (!near[lane]) continue;
                    int64_t row = rows[16 * p + lane];
                    double far = squared_distance(points.row(row), centers.given + k * centers.width, centers.width);
                    if (far < nearest[16 * p + lane]) {
                        nearest[16 * p + lane] = far;
                        labels[row] = int32_t(k);
                    }
                }
            }
        }
    }
}

constexpr int64_t CHUNK = 256;  // points whose masses are summed in 16 lanes

// Running sums of mass times squared distance over chunks; returns the last.
double sum_chunks(const float* squared, const double* mass, std::vector<double>& running) {
    double total = 0;
    for (size_t chunk = 0; chunk < running.size(); chunk++, squared += CHUNK, mass += CHUNK) {
        double lanes[16] = {};
        for (int64_t i = 0; i < CHUNK; i += 16)
            for (int lane = 0; lane < 16; lane++) lanes[lane] += mass[i + lane] * double(squared[i + lane]);
        for (double lane : lanes) total += lane;
        running[chunk] = total;
    }
    return total;
}

// The point at which the running sum passes the share `luck` of the whole.
int64_t draw(const float* squared, const double* mass, const std::vector<double>& running, int64_t n, double luck) {
    double target = luck * running.back();
    size_t chunk = std::upper_bound(running.begin(), running.end(), target) - running.begin();
    chunk = std::min(chunk, running.size() - 1);
    double total = chunk ? running[chunk - 1] : 0.0;
    int64_t last = chunk * CHUNK;
    for (int64_t i = chunk * CHUNK; i < std::min<int64_t>(n, (chunk + 1) * CHUNK); i++) {
        double here = mass[i] * double(squared[i]);
        if (here == 0) continue;
        last = i;
        total += here;
        if (total > target) break;
    }
    return last;
}

}  // namespace

// The nearest of `k` centres (k, d) for each of `n` points of `d` samples that stand `stride` floats apart.
//
// Fills labels (n); and, where they are not null, squared (n) with the squared distances, and adds to sums (k, d)
// and masses (k) the points of each centre, times their weights (n; null for ones), in the order of the rows.
extern "C" void assign(const float* x, int64_t n, int64_t d, int64_t stride, const float* c, int64_t k,
                       const double* weights, int32_t* labels, double* squared, double* sums, double* masses) {
    Centers centers(c, k, d);
    Points points{x, stride};
    Tile tile(d);
    const bool only = k == 1;  // all belong to it
    if (only) std::fill(labels, labels + n, 0);
    std::vector<int64_t> unsure;
    std::vector<float> limits;
    for (int64_t start = 0; start < n; start += BLOCK) {
        int64_t end = std::min(n, start + BLOCK);
        unsure.clear();
        limits.clear();
        for (int64_t first = start; first < end && !only; first += TILE) {
            int64_t rows[TILE], count = std::min<int64_t>(TILE, end - first);
            int32_t found[TILE], doubtful[TILE];
            float limit[TILE];
            for (int64_t i = 0; i < TILE; i++) rows[i] = first + i;
            tile.fill(centers, points, rows, count);
            label(centers, tile, found, limit, doubtful);
            for (int64_t i = 0; i < count; i++) {
                labels[first + i] = found[i];
                if (doubtful[i]) {
                    unsure.push_back(first + i);
                    limits.push_back(limit[i]);
                }
            }
        }
        for (size_t i = 0; i < unsure.size(); i += TILE)
            settle(centers, points, tile, &unsure[i], &limits[i], std::min<int64_t>(TILE, unsure.size() - i), labels);
        if (squared) squared_distances(points, c, labels, d, start, end, squared);
        for (int64_t i = start; sums && i < end; i++) {
            const float* row = points.row(i);
            double weight = weights ? weights[i] : 1.0;
            double* sum = sums + labels[i] * d;
            masses[labels[i]] += weight;
            for (int64_t j = 0; j < d; j++) sum[j] += weight * double(row[j]);
        }
    }
}

// k-means++ with trials: `luck` (k, trials) of [0, 1) draws points by weight (the first) or by weight times squared
// distance from those chosen before, and of each row the one is kept that leaves least; fills chosen (k) and
// returns how many there are, fewer than k when every point is chosen already. Squared distances are float32
// and unfused, masses float64 in CHUNKs of points over 16 lanes, so that every form of the kernel draws alike.
extern "C" int64_t spread(const float* x, int64_t n, int64_t d, const double* weights, const double* luck, int64_t k,
                          int64_t trials, int64_t* chosen) {
    const int64_t chunks = (n + CHUNK - 1) / CHUNK, padded = chunks * CHUNK;
    std::vector<float> columns(padded * d), nearest(padded, 0.0f), trial(padded), best(padded);
    std::vector<double> mass(padded, 0.0), running(chunks), of_trial(chunks), of_best(chunks);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < d; j++) columns[j * padded + i] = x[i * d + j];
        mass[i] = weights[i];
        nearest[i] = 1.0f;
    }
    sum_chunks(nearest.data(), mass.data(), running);
    for (int64_t count = 0; count < k; count++) {
        double least_left = std::numeric_limits<double>::infinity();
        if (running.back() == 0) return count;
        for (int64_t t = 0; t < (count ? trials : 1); t++) {
            int64_t drawn = draw(nearest.data(), mass.data(), running, n, luck[count * trials + t]);
            for (int64_t start = 0; start < padded; start += CHUNK) {
                float* to = &trial[start];
                for (int64_t i = 0; i < CHUNK; i++) to[i] = 0;
                for (int64_t j = 0; j < d; j++) {
                    const float* column = &columns[j * padded + start];
                    const float at = x[drawn * d + j];
                    for (int64_t i = 0; i < CHUNK; i++) {
                        float difference = column[i] - at;
                        to[i] += difference * difference;
                    }
                }
                if (count)
                    for (int64_t i = 0; i < CHUNK; i++) to[i] = std::min(to[i], nearest[start + i]);
            }
            double left = sum_chunks(trial.data(), mass.data(), of_trial);
            if (left < least_left) {
                least_left = left;
                chosen[count] = drawn;
                best.swap(trial);
                of_best.swap(of_trial);
            }
        }
        nearest.swap(best);
        running.swap(of_best);
    }
    return k;
}
