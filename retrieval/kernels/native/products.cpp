// Products of int16 vectors with 32-bit sums, for machines that multiply and add pairs in one instruction.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>
#if defined(__AVX512VNNI__) && defined(__AVX512F__)
#include <immintrin.h>
#define SUPPORTED 1
#else
#define SUPPORTED 0
#endif

namespace {

constexpr int LANES = 48;  // vectors of the packed side: three registers of sums
constexpr int ROWS = 8;    // vectors of the other side: with LANES, 24 registers of sums

#if SUPPORTED
// Add to `sums` (ROWS, 3) the products of ROWS vectors `rows` with LANES packed ones (pairs, LANES). Not inlined and
// unrolled at its end, for else gcc 12 keeps the sums in memory, at half the speed.
__attribute__((noinline)) void multiply_tile(const int32_t* const* rows, const __m512i* packed, int64_t pairs,
                                             __m512i* sums) {
    __m512i sum[ROWS][3];
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < 3; v++) sum[r][v] = _mm512_setzero_si512();
    for (int64_t i = 0; i < pairs; i++) {
        __m512i a = _mm512_loadu_si512(packed + 3 * i), b = _mm512_loadu_si512(packed + 3 * i + 1),
                c = _mm512_loadu_si512(packed + 3 * i + 2);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
            __m512i pair = _mm512_set1_epi32(rows[r][i]);
            sum[r][0] = _mm512_dpwssd_epi32(sum[r][0], a, pair);
            sum[r][1] = _mm512_dpwssd_epi32(sum[r][1], b, pair);
            sum[r][2] = _mm512_dpwssd_epi32(sum[r][2], c, pair);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
        sums[3 * r] = _mm512_add_epi32(sums[3 * r], sum[r][0]);
        sums[3 * r + 1] = _mm512_add_epi32(sums[3 * r + 1], sum[r][1]);
        sums[3 * r + 2] = _mm512_add_epi32(sums[3 * r + 2], sum[r][2]);
    }
}
#endif

constexpr int SIDE = 16;         // sums in float64 side by side
constexpr float TOP = 46000.0f;  // norm of a rounded vector: no product of two leaves 32 bits

double total(const double* sums) {
    double all = 0.0;
    for (int i = 0; i < SIDE; i++) all += sums[i];
    return all;
}

// Round `vector` (padded to a multiple of SIDE by zeros) to int16 multiples of a step of its own.
void round_vector(const std::vector<float>& vector, int64_t length, int16_t* values, double* step, double* square,
                  double* error) {
    double sums[SIDE] = {}, losses[SIDE] = {};
    float tops[SIDE] = {};
    for (size_t i = 0; i < vector.size(); i += SIDE)
        for (int l = 0; l < SIDE; l++) {
            float x = vector[i + l];
            sums[l] += double(x) * double(x);
            tops[l] = std::max(tops[l], std::fabs(x));
        }
    *square = total(sums);
    double norm = std::sqrt(*square);
    float narrow = std::max(float(norm) / TOP, *std::max_element(tops, tops + SIDE) / 32767.0f);
    if (narrow < 1e-30f) narrow = 1.0f;  // too small to tell from zero; the error says so
    std::vector<float> rounded(vector.size());
    for (size_t i = 0; i < vector.size(); i += SIDE)
        for (int l = 0; l < SIDE; l++) {
            float whole = std::rint(std::min(std::max(vector[i + l] / narrow, -32767.0f), 32767.0f));
            double loss = double(whole) * double(narrow) - double(vector[i + l]);
            losses[l] += loss * loss;
            rounded[i + l] = whole;
        }
    for (int64_t i = 0; i < length; i++) values[i] = int16_t(rounded[i]);
    *step = narrow;
    *error = std::sqrt(total(losses)) * (1.0 + 1e-9) + 1e-30;
}

template <class Code>
void round_templates(const float* book, int64_t segments, int64_t centers, int64_t width, const Code* codes,
                     int64_t count, const float* mean, float scale, int16_t* values, double* step, double* square,
                     double* error) {
    int64_t d = segments * width, even = d + d % 2;
    std::vector<float> vector((d + SIDE - 1) / SIDE * SIDE, 0.0f);
    for (int64_t row = 0; row < count; row++) {
        const Code* of_row = codes + row * segments;
        const Code* of_next = row + 1 < count ? of_row + segments : of_row;
        for (int64_t m = 0; m < segments; m++) {
            __builtin_prefetch(book + (m * centers + of_next[m]) * width);
            std::memcpy(&vector[m * width], book + (m * centers + of_row[m]) * width, width * sizeof(float));
        }
        for (int64_t i = 0; i < d; i++) vector[i] = vector[i] * scale - mean[i];
        values[row * even + even - 1] = 0;
        round_vector(vector, d, values + row * even, step + row, square + row, error + row);
    }
}

}  // namespace

extern "C" {

// Decoded templates `codes` (count, segments) times `scale` less `mean` (d,), rounded: values int16 (count, d made
// even) times step (count,), but for an error of norm error (count,); squared norms before rounding in `square`.
void integers_of_templates(const float* book, int64_t segments, int64_t centers, int64_t width, int code_bytes,
                           const void* codes, int64_t count, const float* mean, float scale, int16_t* values,
                           double* step, double* square, double* error) {
    if (code_bytes == 1)
        round_templates(book, segments, centers, width, (const uint8_t*)codes, count, mean, scale, values, step,
                        square, error);
    else
        round_templates(book, segments, centers, width, (const uint16_t*)codes, count, mean, scale, values, step,
                        square, error);
}

// The same of vectors (count, d) as they are.
void integers_of_vectors(const float* vectors, int64_t count, int64_t d, int16_t* values, double* step,
                         double* square, double* error) {
    int64_t even = d + d % 2;
    std::vector<float> vector((d + SIDE - 1) / SIDE * SIDE, 0.0f);
    for (int64_t row = 0; row < count; row++) {
        std::copy(vectors + row * d, vectors + (row + 1) * d, vector.begin());
        values[row * even + even - 1] = 0;
        round_vector(vector, d, values + row * even, step + row, square + row, error + row);
    }
}

int products_supported() { return SUPPORTED; }

// Of `count` templates t, `rows` (count, pairs, 2) times step (count,) with half squared norms `half` (count,), and
// queries q, `packed` (blocks, pairs, LANES, 2) times lane_step (blocks * LANES,): the pairs whose product
// q.t - |t|^2 / 2 reaches least[q] (blocks * LANES,). Returns how many there are; the first `capacity` are written.
int64_t multiply(const int16_t* rows, int64_t count, int64_t pairs, const float* step, const float* half,
                 const int16_t* packed, int64_t blocks, const float* lane_step, const float* least, int64_t capacity,
                 int64_t* found_row, int64_t* found_lane, float* found_product) {
    int64_t found = 0;
#if SUPPORTED
    const int32_t* first = reinterpret_cast<const int32_t*>(rows);
    constexpr int64_t STRIP = 64;   // rows that stay in the second cache while all blocks pass
    constexpr int64_t DEPTH = 128;  // pairs of a block that stay in the first cache while a strip passes: 24 KB
    alignas(64) __m512i sums[3 * STRIP];
    for (int64_t strip = 0; strip < count; strip += STRIP) {
        int64_t filled = std::min(STRIP, count - strip);
        for (int64_t block = 0; block < blocks; block++) {
            const __m512i* lanes = reinterpret_cast<const __m512i*>(packed) + block * pairs * 3;
            std::fill(sums, sums + 3 * STRIP, _mm512_setzero_si512());
            for (int64_t depth = 0; depth < pairs; depth += DEPTH)
                for (int64_t row = 0; row < filled; row += ROWS) {
                    const int32_t* of_rows[ROWS];
                    for (int64_t r = 0; r < ROWS; r++)
                        of_rows[r] = first + std::min(strip + row + r, count - 1) * pairs + depth;
                    multiply_tile(of_rows, lanes + 3 * depth, std::min(DEPTH, pairs - depth), sums + 3 * row);
                }
            for (int64_t row = 0; row < filled; row++)
                for (int v = 0; v < 3; v++) {
                    int64_t lane = block * LANES + 16 * v;
                    __m512 both = _mm512_mul_ps(_mm512_set1_ps(step[strip + row]), _mm512_loadu_ps(lane_step + lane));
                    __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[3 * row + v]), both);
                    product = _mm512_sub_ps(product, _mm512_set1_ps(half[strip + row]));
                    unsigned reached = _mm512_cmp_ps_mask(product, _mm512_loadu_ps(least + lane), _CMP_GE_OQ);
                    if (!reached) continue;
                    alignas(64) float products[16];
                    _mm512_store_ps(products, product);
                    for (; reached; reached &= reached - 1, found++)
                        if (found < capacity) {
                            int l = __builtin_ctz(reached);
                            found_row[found] = strip + row;
                            found_lane[found] = lane + l;
                            found_product[found] = products[l];
                        }
                }
        }
    }
#endif
    return found;
}
}
