// Vectors of the width that the scan is written for. Compilers lower them to what the machine has.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__AVX512BW__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

constexpr int LANES = 32;  // queries of a block: one 64-byte line of uint16

typedef float Floats __attribute__((vector_size(64)));
typedef float LooseFloats __attribute__((vector_size(64), aligned(4)));  // in memory of any alignment
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t Line __attribute__((vector_size(64)));

inline Floats fused(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
    return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
    return a * b + c;
#endif
}

inline Floats least(Floats a, Floats b) { return a < b ? a : b; }

inline Floats root(Floats a) {
#if defined(__AVX512F__)
    return (Floats)_mm512_sqrt_ps((__m512)a);
#else
    Floats r;
    for (int i = 0; i < 16; i++) r[i] = __builtin_sqrtf(a[i]);
    return r;
#endif
}

// Rows of 16 become columns: in four rounds, rows 1, 2, 4 and 8 apart exchange every other lane, pair, four, half.
inline void transpose(Floats r[16]) {
#if defined(__AVX512F__)
    _Pragma("GCC unroll 4") for (int step = 1; step < 16; step *= 2) {
        Ints low, high;
        for (int lane = 0; lane < 16; lane++) {
            low[lane] = lane & step ? 16 + lane - step : lane;
            high[lane] = lane & step ? 16 + lane : lane + step;
        }
        _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) {
            if (i & step) continue;
            __m512 a = (__m512)r[i], b = (__m512)r[i + step];
            r[i] = (Floats)_mm512_permutex2var_ps(a, (__m512i)low, b);
            r[i + step] = (Floats)_mm512_permutex2var_ps(a, (__m512i)high, b);
        }
    }
#else
    for (int i = 0; i < 16; i++)
        for (int lane = 0; lane < i; lane++) {
            float kept = r[i][lane];
            r[i][lane] = r[lane][i];
            r[lane][i] = kept;
        }
#endif
}

// Sum that stops at 65535.
inline Line add_saturated(Line a, Line b) {
#if defined(__AVX512BW__)
    return (Line)_mm512_adds_epu16((__m512i)a, (__m512i)b);
#else
    Line room = ~b;
    return (a < room ? a : room) + b;
#endif
}

// Whether any lane is below 65535.
inline bool any_alive(Line a) {
#if defined(__AVX512BW__)
    return _mm512_cmpneq_epu16_mask((__m512i)a, _mm512_set1_epi16(-1)) != 0;
#else
    uint64_t words[8], all = ~uint64_t(0);
    std::memcpy(words, &a, sizeof a);
    for (uint64_t word : words) all &= word;
    return all != ~uint64_t(0);
#endif
}
