// Exact search over product-quantization codes for blocks of 32 queries; see docs of retrieval/search.py.
// Compiled with -ffp-contract=off: the exact sums must round as the plain definition does.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "lanes.h"

namespace {

constexpr int GROUP = 8;  // segments whose codes lie together
constexpr float TOP = 65534.0f;

struct Book {
    const float* centers;  // (segments, count, width)
    int64_t segments, count, width;
    bool squared;
};

// One float64 distance, term by term in the order of the plain definition.
template <class Code>
double exact_distance(const Book& book, const float* query, const Code* codes) {
    double total = 0.0;
    for (int64_t m = 0; m < book.segments; m++) {
        const float* center = book.centers + (m * book.count + codes[m]) * book.width;
        const float* part = query + m * book.width;
        double sum = 0.0;
        for (int64_t j = 0; j < book.width; j++) {
            double difference = double(part[j]) - double(center[j]);
            sum += difference * difference;
        }
        total += book.squared ? sum : std::sqrt(sum);
    }
    return total;
}

// The book as the bounds take it: in scaled units, about a mean vector.
struct Frame {
    const float* mean;     // (segments * width,)
    const float* centers;  // (segments, count, width)
    const float* norms;    // (segments, count): a little less than the squares of these
    float kept;            // of squares, when rounding has taken its part
    float scale, ratio;    // queries times `scale` and all of these times `ratio` are of the same units
};

// What the scan of one block needs to know of its queries.
struct Block {
    std::vector<Floats> parts;    // (segments * width, 2): -2 ratio times the queries, side by side, about the mean
    std::vector<Floats> norms;    // (segments, 2): a little less than the squares of the queries
    std::vector<Floats> minima;   // (segments, 2): the least bound of each segment
    alignas(64) double base[LANES];   // sum of the minima
    alignas(64) float factor[LANES];  // from scaled distance to units of the table
};

// |c|^2 - 2 q.c of COUNT centres and 32 queries (two halves). Centres together, for each sample of the queries
// is then loaded once for all of them.
template <int COUNT>
inline void scores(const float* centers, const float* norms, float ratio, const Floats* part, int64_t width,
                   Floats (&score)[COUNT][2]) {
    for (int i = 0; i < COUNT; i++) score[i][0] = score[i][1] = Floats{} + norms[i] * ratio * ratio;
    for (int64_t j = 0; j < width; j++) {
        Floats low = part[2 * j], high = part[2 * j + 1];
        for (int i = 0; i < COUNT; i++) {
            Floats c = Floats{} + centers[i * width + j];
            score[i][0] = fused(low, c, score[i][0]);
            score[i][1] = fused(high, c, score[i][1]);
        }
    }
}

// Calls take(k, half, score) for every centre of segment m and both halves of the queries.
template <class Take>
inline void each_score(const Block& block, const Book& book, const Frame& frame, int64_t m, Take take) {
    constexpr int TOGETHER = 4;
    const Floats* part = block.parts.data() + 2 * m * book.width;
    const float* norms = frame.norms + m * book.count;
    const float* centers = frame.centers + m * book.count * book.width;
    int64_t k = 0;
    for (; k + TOGETHER <= book.count; k += TOGETHER) {
        Floats score[TOGETHER][2];
        scores(centers + k * book.width, norms + k, frame.ratio, part, book.width, score);
        for (int i = 0; i < TOGETHER; i++)
            for (int half = 0; half < 2; half++) take(k + i, half, score[i][half]);
    }
    for (; k < book.count; k++) {
        Floats score[1][2];
        scores(centers + k * book.width, norms + k, frame.ratio, part, book.width, score);
        for (int half = 0; half < 2; half++) take(k, half, score[0][half]);
    }
}

// Lower bounds of sub-distances, in scaled units, from scores.
inline Floats bound(Floats score, Floats norm, bool squared) {
    Floats square = score + norm;
    square = square > 0.0f ? square : Floats{};
    return squared ? square : root(square) * 0.9999995f;
}

void prepare(Block& block, const Book& book, const Frame& frame, const float* queries, int64_t count) {
    int64_t d = book.segments * book.width;
    block.parts.resize(2 * d);
    float* side = reinterpret_cast<float*>(block.parts.data());
    for (int64_t l = 0; l < LANES; l++) {
        const float* query = queries + std::min(l, count - 1) * d;
        for (int64_t i = 0; i < d; i++) side[i * LANES + l] = query[i] * frame.scale - frame.mean[i] * frame.ratio;
    }
    block.norms.assign(2 * book.segments, Floats{});
    block.minima.resize(2 * book.segments);
    std::fill(block.base, block.base + LANES, 0.0);
    for (int64_t m = 0; m < book.segments; m++) {
        Floats* norm = block.norms.data() + 2 * m;
        for (int64_t i = 2 * m * book.width; i < 2 * (m + 1) * book.width; i++) {
            norm[i % 2] = fused(block.parts[i], block.parts[i], norm[i % 2]);
            block.parts[i] *= -2.0f * frame.ratio;
        }
        Floats low[2];
        low[0] = low[1] = Floats{} + std::numeric_limits<float>::infinity();
        each_score(block, book, frame, m,
                   [&](int64_t, int half, Floats score) { low[half] = least(score, low[half]); });
        for (int half = 0; half < 2; half++) {
            // 1e-37 is more than what may be lost by underflow in scaled units.
            norm[half] = norm[half] * frame.kept - 1e-37f;
            Floats minimum = bound(low[half], norm[half], book.squared);
            block.minima[2 * m + half] = minimum;
            for (int l = 0; l < 16; l++) block.base[16 * half + l] += double(minimum[l]);
        }
    }
}

// What sums in float64 may lose, relative to their terms.
inline double rounding(const Book& book) { return double(book.segments + book.width + 16) * 1e-15; }

// Distance above which a template is out, a little more than `limit` so that no rounding drops a tie.
inline double padded(double limit, double base, const Book& book) {
    return limit + (limit + base) * rounding(book);
}

inline double lowered(double bound, const Book& book) { return bound - 2.0 * bound * rounding(book); }

void fill_table(Line* table, const Block& block, const Book& book, const Frame& frame, int64_t m) {
    const Floats* factor = reinterpret_cast<const Floats*>(block.factor);
    const Floats *norm = block.norms.data() + 2 * m, *minima = block.minima.data() + 2 * m;
    each_score(block, book, frame, m, [&](int64_t k, int half, Floats score) {
        Floats units = (bound(score, norm[half], book.squared) - minima[half]) * factor[half];
        units = least(units, Floats{} + 65535.0f);
        Halves whole = __builtin_convertvector(__builtin_convertvector(units, Ints), Halves);
        std::memcpy(reinterpret_cast<char*>(table + k) + half * sizeof whole, &whole, sizeof whole);
    });
}

// Add one group of segments to the living rows of a tile; keep those that some query still wants.
template <class Code, bool FIRST>
int64_t scan_group(const Line* table, int64_t stride, int in_group, const Code* codes, Line* sums, int32_t* rows,
                   int64_t living) {
    int64_t kept = 0;
    for (int64_t i = 0; i < living; i++) {
        int64_t row = rows[i];
        if (!FIRST) __builtin_prefetch(codes + int64_t(rows[i + 24 < living ? i + 24 : i]) * GROUP);
        const Code* code = codes + row * GROUP;
        Line sum = FIRST ? Line{} : sums[i];
        if (in_group == GROUP) {
            for (int s = 0; s < GROUP; s++) sum = add_saturated(sum, table[s * stride + code[s]]);
        } else {
            for (int s = 0; s < in_group; s++) sum = add_saturated(sum, table[s * stride + code[s]]);
        }
        sums[kept] = sum;
        rows[kept] = int32_t(row);
        kept += any_alive(sum);
    }
    return kept;
}

struct Tile {
    int64_t first, living;
};

// A template that may be among the best: a distance it is not below, and its row of the codes.
typedef std::pair<double, int64_t> Candidate;

// The k best of one query among candidates, nearest first, ties to the lowest row.
template <class Code>
void settle(const Book& book, const float* query, const Code* codes, std::vector<Candidate>& candidates,
               int64_t k, int64_t* index, double* distance) {
    std::sort(candidates.begin(), candidates.end());
    std::vector<Candidate> best;  // a heap, the worst in front
    for (auto [bound, row] : candidates) {
        if (int64_t(best.size()) == k && bound > best.front().first) break;
        Candidate found(exact_distance(book, query, codes + row * book.segments), row);
        if (int64_t(best.size()) == k) {
            if (!(found < best.front())) continue;
            std::pop_heap(best.begin(), best.end());
            best.pop_back();
        }
        best.push_back(found);
        std::push_heap(best.begin(), best.end());
    }
    std::sort_heap(best.begin(), best.end());
    for (int64_t i = 0; i < int64_t(best.size()); i++) {
        distance[i] = best[i].first;
        index[i] = best[i].second;
    }
}

// What a search by tables works in: lines for `stage` segments, and a line and a row per template.
struct Scratch {
    Line *table, *sums;
    int32_t* rows;
    int64_t stage, tile;
};

template <class Code>
void search(const Book& book, const Code* codes, const Code* grouped, const int32_t* order,
            const int32_t* segment_order, int64_t templates, const float* queries, int64_t count,
            const double* limit, int64_t k, const Frame& frame, const Scratch& scratch, int64_t* index,
            double* distance) {
    double scale = frame.scale, scaled = book.squared ? scale * scale : scale;  // from true to scaled distance
    Block block;
    prepare(block, book, frame, queries, count);
    for (int64_t l = 0; l < LANES; l++) {
        double top = padded(limit[std::min(l, count - 1)] * scaled, block.base[l], book);
        // Taken a little small: floor and float32 rounding may only lower a bound.
        block.factor[l] = float(std::min(TOP / std::max(top - block.base[l], 1e-30) * (1.0 - 1e-6), 1e30));
    }
    std::vector<Tile> tiles;
    for (int64_t first = 0; first < templates; first += scratch.tile)
        tiles.push_back({first, std::min(scratch.tile, templates - first)});
    for (int64_t i = 0; i < templates; i++) scratch.rows[i] = int32_t(i);
    for (int64_t stage = 0; stage < book.segments; stage += scratch.stage) {
        int64_t last = std::min(stage + scratch.stage, book.segments);
        for (int64_t s = stage; s < last; s++)
            fill_table(scratch.table + (s - stage) * book.count, block, book, frame, segment_order[s]);
        for (Tile& tile : tiles)
            for (int64_t s = stage; s < last && tile.living; s += GROUP) {
                int in_group = int(std::min<int64_t>(GROUP, last - s));
                auto scan = s == 0 ? scan_group<Code, true> : scan_group<Code, false>;
                tile.living = scan(scratch.table + (s - stage) * book.count, book.count, in_group,
                                   grouped + s * templates, scratch.sums + tile.first, scratch.rows + tile.first,
                                   tile.living);
            }
    }
    std::vector<Candidate> candidates[LANES];
    for (const Tile& tile : tiles)
        for (int64_t i = tile.first; i < tile.first + tile.living; i++)
            for (int64_t l = 0; l < count; l++) {
                uint16_t units = scratch.sums[i][l];
                if (units == 65535) continue;
                double bound = block.base[l];
                if (units) bound += double(units) / (double(block.factor[l]) * (1.0 + 1e-6));
                candidates[l].push_back({lowered(bound, book) / scaled, order[scratch.rows[i]]});
            }
    for (int64_t l = 0; l < count; l++)
        settle(book, queries + l * book.segments * book.width, codes, candidates[l], k, index + l * k,
               distance + l * k);
}

}  // namespace

extern "C" {

// Search `count` (at most 32) queries by tables. `scale` and `ratio` are powers of two, see Frame. `limit` (count,): a distance that at least k templates do not
// exceed. Returns 0, or 1 for want of memory.
int search_tables(const float* book, int64_t segments, int64_t centers, int64_t width, int squared,
                  int code_bytes, const void* codes, const void* grouped, const int32_t* order,
                  const int32_t* segment_order, int64_t templates, const float* mean,
                  const float* about_mean, const float* norms, float kept, float scale, float ratio,
                  const float* queries, int64_t count, const double* limit, int64_t k, void* table, void* sums,
                  int32_t* rows, int64_t stage, int64_t tile, int64_t* index, double* distance) {
    Book b{book, segments, centers, width, squared != 0};
    Frame frame{mean, about_mean, norms, kept, scale, ratio};
    Scratch scratch{(Line*)table, (Line*)sums, rows, stage, tile};
    try {
        if (code_bytes == 1)
            search(b, (const uint8_t*)codes, (const uint8_t*)grouped, order, segment_order, templates, queries,
                   count, limit, k, frame, scratch, index, distance);
        else
            search(b, (const uint16_t*)codes, (const uint16_t*)grouped, order, segment_order, templates, queries,
                   count, limit, k, frame, scratch, index, distance);
    } catch (const std::bad_alloc&) {
        return 1;
    }
    return 0;
}

// The k best of one query among templates `rows` (n,) that are not nearer than `bounds` (n,).
int settle_candidates(const float* book, int64_t segments, int64_t centers, int64_t width, int squared,
                      int code_bytes, const void* codes, const float* query, const int64_t* rows,
                      const double* bounds, int64_t n, int64_t k, int64_t* index, double* distance) {
    Book b{book, segments, centers, width, squared != 0};
    try {
        std::vector<Candidate> candidates(n);
        for (int64_t i = 0; i < n; i++) candidates[i] = {bounds[i], rows[i]};
        if (code_bytes == 1)
            settle(b, query, (const uint8_t*)codes, candidates, k, index, distance);
        else
            settle(b, query, (const uint16_t*)codes, candidates, k, index, distance);
    } catch (const std::bad_alloc&) {
        return 1;
    }
    return 0;
}

// Exact distances of `count` queries to the templates rows (count, n), float64; infinite for row -1.
void exact_distances(const float* book, int64_t segments, int64_t centers, int64_t width, int squared,
                     int code_bytes, const void* codes, const float* queries, int64_t count, const int64_t* rows,
                     int64_t n, double* distance) {
    Book b{book, segments, centers, width, squared != 0};
    for (int64_t i = 0; i < count * n; i++) {
        const float* query = queries + i / n * segments * width;
        if (rows[i] < 0)
            distance[i] = std::numeric_limits<double>::infinity();
        else if (code_bytes == 1)
            distance[i] = exact_distance(b, query, (const uint8_t*)codes + rows[i] * segments);
        else
            distance[i] = exact_distance(b, query, (const uint16_t*)codes + rows[i] * segments);
    }
}

// Good guesses: the `wanted` templates nearest to each of `count` queries in principal components, among the cells
// `probes` (count, cells). `coordinates` (ceil(templates / 16), components, 16) and `norms` (the same, 16) lie in
// cell order, cell c from starts[c] to starts[c + 1]. Returns original indices, (count, wanted), -1 where none.
void guess(const float* coordinates, const float* norms, int64_t components, const int32_t* order,
           const int64_t* starts, const float* points, int64_t count, const int64_t* probes, int64_t cells,
           int64_t wanted, int64_t* rows) {
    std::vector<std::pair<float, int64_t>> best;
    for (int64_t q = 0; q < count; q++) {
        const float* point = points + q * components;
        best.clear();
        for (int64_t p = 0; p < cells; p++) {
            int64_t first = starts[probes[q * cells + p]], last = starts[probes[q * cells + p] + 1];
            for (int64_t b = first / 16; b * 16 < last; b++) {
                const LooseFloats* columns = reinterpret_cast<const LooseFloats*>(coordinates) + b * components;
                Floats dot = {}, more = {};
                int64_t j = 0;
                for (; j + 1 < components; j += 2) {
                    dot = fused(Floats(columns[j]), Floats{} + point[j], dot);
                    more = fused(Floats(columns[j + 1]), Floats{} + point[j + 1], more);
                }
                for (; j < components; j++) dot = fused(Floats(columns[j]), Floats{} + point[j], dot);
                Floats score = Floats(reinterpret_cast<const LooseFloats*>(norms)[b]) - 2.0f * (dot + more);
                for (int i = 0; i < 16; i++) {
                    int64_t row = b * 16 + i;
                    if (row < first || row >= last) continue;
                    if (int64_t(best.size()) == wanted && !(score[i] < best.front().first)) continue;
                    if (int64_t(best.size()) == wanted) {
                        std::pop_heap(best.begin(), best.end());
                        best.pop_back();
                    }
                    best.push_back({score[i], row});
                    std::push_heap(best.begin(), best.end());
                }
            }
        }
        for (int64_t i = 0; i < wanted; i++)
            rows[q * wanted + i] = i < int64_t(best.size()) ? order[best[i].second] : -1;
    }
}
}
