// Products of 8-bit numbers with AMX's tdpbusd: eight times the rate of vpdpbusd.
#if defined(__x86_64__)
#include <immintrin.h>

#include "low_precision.h"

#pragma clang attribute push(                                                                                   \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-int8"))), \
    apply_to = function)
#include "int8_rows_avx512.h"
#define TILE_DOT _tile_dpbusd
#include "amx_tiles.h"

#define UNIT_NUMBERS (4 * TILE)  // numbers of k in a unit

static void pack_rows(float *to, simile_int8_row *forms, const float *from, size_t ld, size_t m, size_t k) {
    size_t units = (k + UNIT_NUMBERS - 1) / UNIT_NUMBERS;
    for (size_t first = 0; first < m; first += PANEL, to += units * PANEL * TILE)
        for (size_t r = 0; r < PANEL; r++) {
            const float *row = from + (first + r) * ld;
            int is_row = first + r < m;
            float inverse = 0;
            simile_int8_row form = {0, 0};
            if (is_row) forms[first + r] = form = form_of(row, k, &inverse);
            __m512 inverses = _mm512_set1_ps(inverse);
            __m512i zeros = _mm512_set1_epi32(form.zero);
            for (size_t p = 0; p < units; p++)
                _mm512_storeu_si512(to + (p * PANEL + r) * TILE,
                                    bytes_of(row + p * UNIT_NUMBERS, is_row ? k - p * UNIT_NUMBERS : 0, inverses, zeros));
        }
}

/// c[rows, columns] of the sums of a tile.
INLINE void finish(float *c, size_t ldc, size_t rows, size_t columns, const int32_t *sums,
                   const simile_int8_row *forms, const float *column_scales, const int32_t *column_sums,
                   const float *bias) {
    for (size_t j = 0; j < columns; j += TILE) {
        __mmask16 mask = first_lanes(columns - j);
        __m512i column_sum = _mm512_loadu_si512(column_sums + j);
        __m512 scale = _mm512_loadu_ps(column_scales + j);
        __m512 start = bias ? _mm512_maskz_loadu_ps(mask, bias + j) : _mm512_setzero_ps();
        for (size_t r = 0; r < rows; r++) {
            __m512i zeros = _mm512_mullo_epi32(_mm512_set1_epi32(forms[r].zero), column_sum);
            __m512i sum = _mm512_sub_epi32(_mm512_loadu_si512(sums + r * PANEL + j), zeros);
            _mm512_mask_storeu_ps(c + r * ldc + j, mask,
                                  _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale),
                                                  _mm512_set1_ps(forms[r].scale), start));
        }
    }
}

static void product(float *c, size_t ldc, const float *a, const simile_int8_row *forms, size_t m, const float *b,
                    const float *column_scales, const int32_t *column_sums, size_t n, size_t k, const float *bias) {
    size_t units = (k + UNIT_NUMBERS - 1) / UNIT_NUMBERS;
    _tile_loadconfig(&whole_tiles);
    for (size_t i = 0; i < m; i += PANEL) {
        size_t rows = m - i < PANEL ? m - i : PANEL;
        for (size_t j = 0; j < n; j += PANEL) {
            size_t columns = n - j < PANEL ? n - j : PANEL;
            _Alignas(64) int32_t sums[PANEL * PANEL];
            zero_tiles();
            add_units_of(rows, columns, a + i * units * TILE, b + j * units * TILE, units);
            store_tiles((float *)sums, PANEL);
            finish(c + i * ldc + j, ldc, rows, columns, sums, forms + i, column_scales + j, column_sums + j,
                   bias ? bias + j : NULL);
        }
    }
    _tile_release();  // a thread that waits has no tiles to be saved
}

#pragma clang attribute pop

const simile_int8_products simile_int8_products_amx = {
    .shape = TILE_PANELS(4), .pack_rows = pack_rows, .product = product};
#endif
