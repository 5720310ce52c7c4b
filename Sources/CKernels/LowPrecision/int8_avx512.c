// Products of 8-bit numbers with AVX512-VNNI's vpdpbusd: four times the rate of float32.
#if defined(__x86_64__)
#include <immintrin.h>

#include "low_precision.h"

#pragma clang attribute push( \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "int8_rows_avx512.h"

static void pack_rows(float *to, simile_int8_row *forms, const float *from, size_t ld, size_t m, size_t k) {
    size_t words = (k + 3) / 4;
    for (size_t first = 0; first < m; first += ROWS, to += words * 16) {
        size_t rows = m - first < ROWS ? m - first : ROWS;
        __m512 inverses[16];
        __m512i zeros[16];
        for (size_t r = 0; r < 16; r++) {
            float inverse = 0;
            simile_int8_row form = {0, 0};
            if (r < rows) forms[first + r] = form = form_of(from + (first + r) * ld, k, &inverse);
            inverses[r] = _mm512_set1_ps(inverse);
            zeros[r] = _mm512_set1_epi32(form.zero);
        }
        for (size_t p = 0; p < words; p += 16) {
            size_t left = k - 4 * p;
            __m512 block[16];
#pragma unroll
            for (size_t r = 0; r < 16; r++)
                block[r] = (__m512)bytes_of(from + (first + r) * ld + 4 * p, r < rows ? left : 0, inverses[r],
                                            zeros[r]);
            transpose_16(block);
            for (size_t i = 0; i < 16 && p + i < words; i++) _mm512_storeu_ps(to + (p + i) * 16, block[i]);
        }
    }
}

/// A tile c[rows, columns], columns <= 16 * vectors.
INLINE void tile(const int rows, const int vectors, float *c, size_t ldc, const float *a, const simile_int8_row *forms,
                 const float *b, const float *column_scales, const int32_t *column_sums, size_t words,
                 size_t columns, const float *bias) {
    __m512i sums[ROWS][2];
#pragma unroll
    for (int j = 0; j < vectors; j++) {
        __m512i column_sum = _mm512_loadu_si512(column_sums + j * 16);
#pragma unroll
        for (int r = 0; r < rows; r++)
            sums[r][j] = _mm512_mullo_epi32(_mm512_set1_epi32(-forms[r].zero), column_sum);
    }
    for (size_t p = 0; p < words; p++) {
        __m512i right[2];
#pragma unroll
        for (int j = 0; j < vectors; j++) right[j] = _mm512_loadu_si512(b + p * COLUMNS + j * 16);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            __m512i left = (__m512i)_mm512_set1_ps(a[p * 16 + r]);
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[r][j] = _mm512_dpbusd_epi32(sums[r][j], left, right[j]);
        }
    }
#pragma unroll
    for (int j = 0; j < vectors; j++) {
        __mmask16 mask = first_lanes(columns > 16u * j ? columns - 16 * j : 0);
        __m512 scale = _mm512_loadu_ps(column_scales + j * 16);
        __m512 start = bias ? _mm512_maskz_loadu_ps(mask, bias + j * 16) : _mm512_setzero_ps();
#pragma unroll
        for (int r = 0; r < rows; r++) {
            __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][j]), scale);
            _mm512_mask_storeu_ps(c + r * ldc + j * 16, mask,
                                  _mm512_fmadd_ps(sum, _mm512_set1_ps(forms[r].scale), start));
        }
    }
}

static void product(float *c, size_t ldc, const float *a, const simile_int8_row *forms, size_t m, const float *b,
                    const float *column_scales, const int32_t *column_sums, size_t n, size_t k, const float *bias) {
    size_t words = (k + 3) / 4;
    for (size_t i = 0; i < m; i += ROWS) {
        size_t rows = m - i < ROWS ? m - i : ROWS;
        const float *left = a + i / ROWS * words * 16;
        for (size_t j = 0; j < n; j += COLUMNS) {
            size_t columns = n - j < COLUMNS ? n - j : COLUMNS, r = 0;
#define TILES(count, vectors)                                                                                 \
    for (; r + count <= rows; r += count)                                                                     \
        tile(count, vectors, c + (i + r) * ldc + j, ldc, left + r, forms + i + r, b + j * words,         \
             column_scales + j, column_sums + j, words, columns, bias ? bias + j : NULL);
            if (columns > 16) {
                TILES(ROWS, 2) TILES(8, 2) TILES(4, 2) TILES(2, 2) TILES(1, 2)
            } else {
                TILES(8, 1) TILES(4, 1) TILES(2, 1) TILES(1, 1)
            }
#undef TILES
        }
    }
}

#pragma clang attribute pop

const simile_int8_products simile_int8_products_avx512 = {
    .shape = VECTOR_PANELS(4), .pack_rows = pack_rows, .product = product};
#endif
