// Products of bfloat16 pairs with AVX-512's vdpbf16ps: twice the rate of float32.
#if defined(__x86_64__)
#include <immintrin.h>

#include "low_precision.h"

#pragma clang attribute push( \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), apply_to = function)
#include "bfloat16_words_avx512.h"

static void pack_left(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    pack_words(to, (k + 1) / 2, 16, ROWS, from, ld, count, k, transposed);
}

static void pack_right(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    pack_words(to, (k + 1) / 2, COLUMNS, COLUMNS, from, ld, count, k, transposed);
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
    .shape = VECTOR_PANELS(2), .most_units = 512, .pack_left = pack_left, .pack_right = pack_right, .product = product};
#endif
