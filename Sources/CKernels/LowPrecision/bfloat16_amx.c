// Products of bfloat16 pairs with AMX's tdpbf16ps: eight times the rate of vdpbf16ps.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "low_precision.h"

#pragma clang attribute push(                                                                                   \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16"))), \
    apply_to = function)
#include "bfloat16_words_avx512.h"
#define TILE_DOT _tile_dpbf16ps
#include "amx_tiles.h"

static const size_t distance = 64;  // numbers fetched ahead in each row: 32 rows are more than the processor foresees

/// 32 numbers of a row, of which `left` exist and the others are 0.
INLINE __m512i words_of(const float *row, size_t left) {
    return (__m512i)_mm512_cvtne2ps_pbh(load_row(row + 16, left > 16 ? left - 16 : 0), load_row(row, left));
}

/// Units to[PANEL, 16] of the rows of from[count, k], count <= PANEL.
INLINE void pack_rows(float *to, size_t units, const float *from, size_t ld, size_t count, size_t k) {
    for (size_t p = 0; p < units; p++, from += PANEL)
        for (size_t r = 0; r < PANEL; r++, to += TILE) {
            const float *row = from + r * ld;
            _mm_prefetch(row + distance, _MM_HINT_T0);
            _mm_prefetch(row + distance + 16, _MM_HINT_T0);
            _mm512_storeu_si512(to, words_of(row, r < count ? k - p * PANEL : 0));
        }
}

static void pack_left(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t units = (k + PANEL - 1) / PANEL;
    if (transposed) {
        for (size_t first = 0; first < count; first += PANEL, to += units * PANEL * TILE)
            pack_rows(to, units, from + first * ld, ld, count - first < PANEL ? count - first : PANEL, k);
        return;
    }
    for (size_t p = 0; p < units; p++, from += PANEL * ld, to += PANEL * TILE) {
        size_t rows = k - p * PANEL;
        float *out = to;
        // Sixteen columns at a time, along the rows as they lie in memory.
        for (size_t first = 0; first < count + (-count & (PANEL - 1)); first += TILE) {
            size_t left = count > first ? count - first : 0;
            __m512 words[TILE];
#pragma unroll
            for (size_t i = 0; i < TILE; i++) {
                const float *low = from + 2 * i * ld + first, *high = low + ld;
                _mm_prefetch(low + distance, _MM_HINT_T0);
                _mm_prefetch(high + distance, _MM_HINT_T0);
                words[i] = (__m512)pairs_of(load_row(low, 2 * i < rows ? left : 0),
                                            load_row(high, 2 * i + 1 < rows ? left : 0));
            }
            transpose_16(words);
#pragma unroll
            for (size_t i = 0; i < TILE; i++) _mm512_storeu_ps(out + i * TILE, words[i]);
            // The lower half of a panel follows its upper one, and the next panel comes after all units of this one.
            out += first % PANEL == 0 ? TILE * TILE : (units * PANEL - TILE) * TILE;
        }
    }
}

static void pack_right(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t words = (k + PANEL - 1) / PANEL * TILE;
    pack_words(to, words, PANEL, PANEL, from, ld, count, k, transposed);
}

/// c[PANEL, PANEL].
INLINE void whole_tile(float *c, size_t ldc, const float *a, const float *b, size_t units, int accumulate,
                       const float *bias) {
    if (accumulate)
        load_tiles(c, ldc);
    else if (bias)
        load_tiles(bias, 0);
    else
        zero_tiles();
    add_units(2, 2, a, b, units);
    store_tiles(c, ldc);
}

/// c[rows, columns], one of which is less than PANEL: computed in a whole one.
static void part_of_tile(float *c, size_t ldc, size_t rows, size_t columns, const float *a, const float *b,
                         size_t units, int accumulate, const float *bias) {
    _Alignas(64) float whole[PANEL * PANEL] = {0};
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < columns; j++)
            whole[r * PANEL + j] = accumulate ? c[r * ldc + j] : bias ? bias[j] : 0;
    load_tiles(whole, PANEL);
    add_units_of(rows, columns, a, b, units);
    store_tiles(whole, PANEL);
    for (size_t r = 0; r < rows; r++) memcpy(c + r * ldc, whole + r * PANEL, columns * sizeof *c);
}

static void product(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                    int accumulate, const float *bias) {
    size_t units = (k + PANEL - 1) / PANEL;
    _tile_loadconfig(&whole_tiles);
    for (size_t i = 0; i < m; i += PANEL) {
        const float *left = a + i * units * TILE;
        for (size_t j = 0; j < n; j += PANEL) {
            const float *right = b + j * units * TILE, *start = bias ? bias + j : NULL;
            float *out = c + i * ldc + j;
            if (m - i >= PANEL && n - j >= PANEL) {
                // Where another core has what is written, it takes long to come.
                for (size_t r = 0; r < PANEL; r++) {
                    __builtin_prefetch(out + r * ldc, 1);
                    __builtin_prefetch(out + r * ldc + TILE, 1);
                }
                whole_tile(out, ldc, left, right, units, accumulate, start);
            } else
                part_of_tile(out, ldc, m - i < PANEL ? m - i : PANEL, n - j < PANEL ? n - j : PANEL, left, right,
                             units, accumulate, start);
        }
    }
    _tile_release();  // a thread that waits has no tiles to be saved
}

#pragma clang attribute pop

const simile_product_kernels simile_bfloat16_products_amx = {
    .shape = TILE_PANELS(2), .most_units = 16, .pack_left = pack_left, .pack_right = pack_right, .product = product};
#endif
