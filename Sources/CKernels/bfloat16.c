// What the processor's instruction for pairs of bfloat16 numbers computes, in plain C: the reference for tests.
#include <float.h>
#include <math.h>
#include <string.h>

#include "low_precision.h"

/// Numbers below the least normal one are 0, as the instruction reads and writes them.
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

static void pack(float *to, size_t width, size_t step, const float *from, size_t ld, size_t count, size_t k,
                 int transposed) {
    size_t words = (k + 1) / 2;
    for (size_t first = 0; first < count; first += step, to += width * words)
        for (size_t p = 0; p < words; p++)
            for (size_t i = 0; i < width; i++) {
                uint32_t word = 0;
                for (size_t half = 0; half < 2; half++) {
                    size_t row = 2 * p + half, column = first + i;
                    if (i >= step || column >= count || row >= k) continue;
                    word |= rounded(transposed ? from[column * ld + row] : from[row * ld + column]) << 16 * half;
                }
                memcpy(to + p * width + i, &word, sizeof word);
            }
}

static void product(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                    int accumulate, const float *bias) {
    size_t words = (k + 1) / 2;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = accumulate ? c[i * ldc + j] : bias ? bias[j] : 0;
            const float *left = a + i / ROWS * words * (COLUMNS / 2) + i % ROWS;
            const float *right = b + j / COLUMNS * words * COLUMNS + j % COLUMNS;
            for (size_t p = 0; p < words; p++) {
                uint32_t x, y;
                memcpy(&x, left + p * (COLUMNS / 2), sizeof x);
                memcpy(&y, right + p * COLUMNS, sizeof y);
                sum = flushed(fmaf(widened(x >> 16), widened(y >> 16), flushed(sum)));
                sum = flushed(fmaf(widened(x & 0xFFFF), widened(y & 0xFFFF), sum));
            }
            c[i * ldc + j] = sum;
        }
}

const simile_product_kernels simile_bfloat16_products_emulated = {
    .rows = ROWS, .columns = COLUMNS, .numbers = 2, .pack = pack, .product = product};
