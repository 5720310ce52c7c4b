// What the processors' instructions for bfloat16 numbers compute, in plain C: the reference for tests.
#include <float.h>
#include <math.h>
#include <string.h>

#include "low_precision.h"

/// Numbers below the least normal one are 0, as the instructions read and write them.
static float flushed(float x) { return fabsf(x) < FLT_MIN ? copysignf(0, x) : x; }

/// The upper half of the nearest float whose lower half is 0, to even when two are as near.
static uint32_t rounded(float x) {
    uint32_t bits;
    x = flushed(x);
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) return bits >> 16 | 0x40;
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

static float widened(uint32_t upper_half) {
    uint32_t bits = upper_half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// Number `p` of k of row or column `i`, of `count` such, 0 beyond them.
static uint32_t number(const float *from, size_t ld, size_t i, size_t count, size_t p, size_t k, int transposed) {
    if (i >= count || p >= k) return 0;
    return rounded(transposed ? from[i * ld + p] : from[p * ld + i]);
}

/// Word `p` of k of row or column `i`.
static void pack_word(float *to, const float *from, size_t ld, size_t i, size_t count, size_t p, size_t k,
                      int transposed) {
    uint32_t word = number(from, ld, i, count, 2 * p, k, transposed) |
                    number(from, ld, i, count, 2 * p + 1, k, transposed) << 16;
    memcpy(to, &word, sizeof word);
}

/// Words to[words, width] of the rows or columns from `first` on, those beyond `step` 0.
static void pack_words(float *to, size_t words, size_t width, size_t step, size_t first, const float *from, size_t ld,
                       size_t count, size_t k, int transposed) {
    size_t end = count - first < step ? count : first + step;
    for (size_t p = 0; p < words; p++)
        for (size_t i = 0; i < width; i++)
            pack_word(to + p * width + i, from, ld, first + i, end, p, k, transposed);
}

// MARK: Vectors

static void pack_left(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t words = (k + 1) / 2;
    for (size_t first = 0; first < count; first += ROWS, to += words * COLUMNS / 2)
        pack_words(to, words, COLUMNS / 2, ROWS, first, from, ld, count, k, transposed);
}

static void pack_right(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t words = (k + 1) / 2;
    for (size_t first = 0; first < count; first += COLUMNS, to += words * COLUMNS)
        pack_words(to, words, COLUMNS, COLUMNS, first, from, ld, count, k, transposed);
}

/// sum + x y of the upper or lower halves of two words.
static float fused(float sum, const float *left, const float *right, int shift) {
    uint32_t x, y;
    memcpy(&x, left, sizeof x);
    memcpy(&y, right, sizeof y);
    return flushed(fmaf(widened(x >> shift & 0xFFFF), widened(y >> shift & 0xFFFF), flushed(sum)));
}

static void product(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                    int accumulate, const float *bias) {
    size_t words = (k + 1) / 2;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = accumulate ? c[i * ldc + j] : bias ? bias[j] : 0;
            const float *left = a + i / ROWS * words * (COLUMNS / 2) + i % ROWS;
            const float *right = b + j / COLUMNS * words * COLUMNS + j % COLUMNS;
            for (size_t p = 0; p < words; p++, left += COLUMNS / 2, right += COLUMNS)
                sum = fused(fused(sum, left, right, 16), left, right, 0);
            c[i * ldc + j] = sum;
        }
}

const simile_product_kernels simile_bfloat16_products_emulated = {
    .shape = VECTOR_PANELS(2), .most_units = 512, .pack_left = pack_left, .pack_right = pack_right, .product = product};

// MARK: Tiles

/// Words of a row or a column, in whole tiles.
static size_t words_in_tiles(size_t k) { return (k + 2 * TILE - 1) / (2 * TILE) * TILE; }

static void pack_left_tiles(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t words = words_in_tiles(k);
    for (size_t first = 0; first < count; first += PANEL, to += words * PANEL)
        for (size_t i = 0; i < PANEL; i++)
            for (size_t p = 0; p < words; p++) {
                float *place = to + p / TILE * PANEL * TILE + i * TILE + p % TILE;
                pack_word(place, from, ld, first + i, count, p, k, transposed);
            }
}

static void pack_right_tiles(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    size_t words = words_in_tiles(k);
    for (size_t first = 0; first < count; first += PANEL, to += words * PANEL)
        pack_words(to, words, PANEL, PANEL, first, from, ld, count, k, transposed);
}

static void product_of_tiles(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                             int accumulate, const float *bias) {
    size_t words = words_in_tiles(k);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = accumulate ? c[i * ldc + j] : bias ? bias[j] : 0;
            const float *left = a + i / PANEL * words * PANEL + i % PANEL * TILE;
            const float *right = b + j / PANEL * words * PANEL + j % PANEL;
            for (size_t first = 0; first < words; first += TILE, left += PANEL * TILE, right += PANEL * TILE) {
                float evens = 0, odds = 0;
                for (size_t p = 0; p < TILE; p++) {
                    evens = fused(evens, left + p, right + p * PANEL, 0);
                    odds = fused(odds, left + p, right + p * PANEL, 16);
                }
                sum = flushed(flushed(sum) + flushed(evens + odds));
            }
            c[i * ldc + j] = sum;
        }
}

const simile_product_kernels simile_bfloat16_tiles_emulated = {
    .shape = TILE_PANELS(2), .most_units = 16, .pack_left = pack_left_tiles, .pack_right = pack_right_tiles,
    .product = product_of_tiles};
