// Products of int16 vectors with 32-bit sums, for machines that multiply and add pairs in one instruction.
#include <algorithm>
#include <cstdint>
#include <cstring>
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
// Sums of ROWS vectors `rows` (stride pairs apart) with LANES packed ones (pairs, LANES).
void multiply_tile(const int32_t* const* rows, const __m512i* packed, int64_t pairs, __m512i* sums) {
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
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < 3; v++) sums[3 * r + v] = sum[r][v];
}
#endif

}  // namespace

extern "C" {

int products_supported() { return SUPPORTED; }

// Products of `count` vectors `rows` (count, pairs, 2) with those `packed` (blocks, pairs, LANES, 2), all int16:
// float32 (count, blocks * LANES). No sum may leave 32 bits.
void multiply(const int16_t* rows, int64_t count, int64_t pairs, const int16_t* packed, int64_t blocks, float* out) {
#if SUPPORTED
    const int32_t* first = reinterpret_cast<const int32_t*>(rows);
    constexpr int64_t STRIP = 64;  // rows that stay in the cache while all blocks pass
    for (int64_t strip = 0; strip < count; strip += STRIP)
        for (int64_t block = 0; block < blocks; block++)
            for (int64_t row = strip; row < std::min(strip + STRIP, count); row += ROWS) {
                const int32_t* of_rows[ROWS];
                for (int64_t r = 0; r < ROWS; r++) of_rows[r] = first + std::min(row + r, count - 1) * pairs;
                __m512i sums[3 * ROWS];
                multiply_tile(of_rows, reinterpret_cast<const __m512i*>(packed) + block * pairs * 3, pairs, sums);
                for (int64_t r = 0; r < std::min<int64_t>(ROWS, count - row); r++)
                    for (int v = 0; v < 3; v++)
                        _mm512_storeu_ps(out + ((row + r) * blocks + block) * LANES + 16 * v,
                                         _mm512_cvtepi32_ps(sums[3 * r + v]));
            }
#endif
}
}
