// Products of bfloat16 pairs with AVX-512's vdpbf16ps: twice the rate of float32.
#if defined(__x86_64__)
#include <immintrin.h>

#include "low_precision.h"

#pragma clang attribute push( \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), apply_to = function)
#include "avx512_lanes.h"

/// The first `count` numbers of a row, or zeros for count 0, as a vector of floats.
INLINE __m512 load_row(const float *p, size_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), p); }

/// Words (low, high), number by number.
INLINE __m512i pairs_of(__m512 low, __m512 high) {
    __m512i lows = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
    __m512i highs = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
    return _mm512_or_si512(lows, _mm512_slli_epi32(highs, 16));
}

/// A panel to[k / 2, width] from rows of k: from[count, k], count <= width.
INLINE void pack_transposed(float *to, size_t width, const float *from, size_t ld, size_t count, size_t k) {
    const size_t distance = 64;  // numbers fetched ahead in each row, which are too many to be foreseen
    for (size_t first = 0; first < width; first += 16) {
        const float *rows = from + first * ld;
        size_t left = count < first ? 0 : count - first;
        for (size_t c = 0; c < k; c += 32) {
            float *out = to + c / 2 * width + first;
            size_t low = k - c, high = k - c > 16 ? k - c - 16 : 0, words = (k - c + 1) / 2;
            __m512 r[16];
#pragma unroll
            for (size_t i = 0; i < 16; i++) {
                const float *row = rows + i * ld + c;
                _mm_prefetch(row + distance, _MM_HINT_T0);
                _mm_prefetch(row + distance + 16, _MM_HINT_T0);
                __m512 a = load_row(row, i < left ? low : 0), b = load_row(row + 16, i < left ? high : 0);
                r[i] = (__m512)_mm512_cvtne2ps_pbh(b, a);
            }
            transpose_16(r);
            if (words >= 16) {
#pragma unroll
                for (size_t i = 0; i < 16; i++) _mm512_storeu_ps(out + i * width, r[i]);
            } else {
                for (size_t i = 0; i < words; i++) _mm512_storeu_ps(out + i * width, r[i]);
            }
        }
    }
}

static void pack(float *to, size_t width, size_t step, const float *from, size_t ld, size_t count, size_t k,
                 int transposed) {
    if (count == 0) return;
    size_t words = (k + 1) / 2;
    if (transposed) {
        for (size_t first = 0; first < count; first += step, to += width * words)
            pack_transposed(to, width, from + first * ld, ld, count - first < step ? count - first : step, k);
        return;
    }
    size_t ahead = (1536 + count - 1) / count * ld;  // some hundred cache lines; beyond the end nothing is fetched
    for (size_t p = 0; p < words; p++, from += 2 * ld) {
        float *out = to + p * width;
        size_t has_second = 2 * p + 1 < k;
        for (size_t first = 0; first < count; first += step, out += width * words) {
            size_t columns = count - first < step ? count - first : step;
            for (size_t i = 0; i < width; i += 16) {
                const float *low = from + first + i, *high = low + ld;
                size_t left = columns > i ? columns - i : 0;
                _mm_prefetch(low + ahead, _MM_HINT_T0);
                _mm_prefetch(high + ahead, _MM_HINT_T0);
                _mm512_storeu_si512(out + i, pairs_of(load_row(low, left), load_row(high, has_second ? left : 0)));
            }
        }
    }
}

/// A tile c[rows, columns], columns <= 16 * vectors; fetches what is at `ahead` for later, unless it is NULL.
INLINE void tile(const int rows, const int vectors, float *c, size_t ldc, const float *a, const float *b,
                 size_t words, size_t columns, int accumulate, const float *bias, const float *ahead) {
    __mmask16 masks[2] = {first_lanes(columns), vectors == 2 ? first_lanes(columns - 16) : 0};
    __m512 sums[ROWS][2];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int j = 0; j < vectors; j++)
            sums[r][j] = accumulate ? _mm512_maskz_loadu_ps(masks[j], c + r * ldc + j * 16)
                         : bias     ? _mm512_maskz_loadu_ps(masks[j], bias + j * 16)
                                    : _mm512_setzero_ps();
    for (size_t p = 0; p < words; p++) {
        __m512bh right[2];
#pragma unroll
        for (int j = 0; j < vectors; j++) right[j] = (__m512bh)_mm512_loadu_ps(b + p * COLUMNS + j * 16);
        if (ahead) __builtin_prefetch(ahead + p * 16, 0, 2);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            __m512bh left = (__m512bh)_mm512_set1_ps(a[p * 16 + r]);
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[r][j] = _mm512_dpbf16_ps(sums[r][j], left, right[j]);
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int j = 0; j < vectors; j++) _mm512_mask_storeu_ps(c + r * ldc + j * 16, masks[j], sums[r][j]);
}

/// The tiles of a panel of the left side that has fewer rows than ROWS, or of columns that are fewer than COLUMNS.
INLINE void tiles(const int vectors, float *c, size_t ldc, const float *a, size_t m, const float *b, size_t words,
                  size_t columns, int accumulate, const float *bias) {
    size_t i = 0;
#define TILES(rows)                 \
    for (; i + rows <= m; i += rows) \
        tile(rows, vectors, c + i * ldc, ldc, a + i, b, words, columns, accumulate, bias, NULL);
    TILES(8)
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

static void product(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                    int accumulate, const float *bias) {
    size_t words = (k + 1) / 2;
    for (size_t i = 0; i < m; i += ROWS) {
        size_t rows = m - i < ROWS ? m - i : ROWS;
        const float *left = a + i / ROWS * words * 16;
        for (size_t j = 0; j < n; j += COLUMNS) {
            const float *right = b + j * words, *start = bias ? bias + j : NULL;
            float *out = c + i * ldc + j;
            if (n - j >= COLUMNS && rows == ROWS) {
                // Where another core has what is read next, or what is written, it takes long to come.
                for (size_t r = 0; r < ROWS; r++) {
                    __builtin_prefetch(out + r * ldc, 1);
                    __builtin_prefetch(out + r * ldc + 16, 1);
                }
                tile(ROWS, 2, out, ldc, left, right, words, COLUMNS, accumulate, start, left + words * 16);
            } else if (n - j > 16)
                tiles(2, out, ldc, left, rows, right, words, n - j < COLUMNS ? n - j : COLUMNS, accumulate, start);
            else
                tiles(1, out, ldc, left, rows, right, words, n - j, accumulate, start);
        }
    }
}

#pragma clang attribute pop

const simile_product_kernels simile_bfloat16_products_avx512 = {
    .rows = ROWS, .columns = COLUMNS, .numbers = 2, .pack = pack, .product = product};
#endif
