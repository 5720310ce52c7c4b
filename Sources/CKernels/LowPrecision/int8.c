// Products of 8-bit numbers in plain C: the weights' side, and the reference for what the processor's instruction does.
#include <math.h>
#include <string.h>

#include "low_precision.h"

static float largest(const float *x, size_t k) {
    float most = 0;
    for (size_t p = 0; p < k; p++) most = fmaxf(most, fabsf(x[p]));
    return most;
}

/// The nearest whole number, or the least one for what has none, as the processor has it.
static int32_t whole(float x) {
    float rounded = nearbyintf(x);
    return rounded >= -0x1p31f && rounded < 0x1p31f ? (int32_t)rounded : INT32_MIN;
}

void simile_int8_pack_weights(float *to, float *scales, int32_t *sums, simile_panel_shape shape, const float *from,
                              size_t n, size_t k) {
    size_t columns = shape.columns, width = (n + columns - 1) / columns * columns;
    size_t words = (k + shape.numbers - 1) / shape.numbers * shape.numbers / 4;
    memset(to, 0, width * words * sizeof *to);
    for (size_t j = 0; j < width; j++) {
        const float *row = from + j * k;
        float most = j < n ? largest(row, k) : 0, inverse = steps_in(127, most);
        int32_t sum = 0;
        for (size_t p = 0; j < n && p < k; p++) {
            int32_t number = whole(row[p] * inverse);
            if (number < -127) number = -127;  // of an infinite weight
            uint32_t word;
            float *place = to + (j / columns * words + p / 4) * columns + j % columns;
            memcpy(&word, place, sizeof word);
            word |= (uint32_t)(uint8_t)number << p % 4 * 8;
            memcpy(place, &word, sizeof word);
            sum += number;
        }
        scales[j] = most / 127;
        sums[j] = sum;
    }
}

static void pack_rows(float *to, simile_int8_row *forms, const float *from, size_t ld, size_t m, size_t k) {
    size_t words = (k + 3) / 4;
    for (size_t first = 0; first < m; first += ROWS, to += words * (COLUMNS / 2))
        for (size_t r = 0; r < COLUMNS / 2; r++) {
            const float *row = from + (first + r) * ld;
            int is_row = r < ROWS && first + r < m;
            float least = 0, most = 0;
            for (size_t p = 0; is_row && p < k; p++) {
                least = fminf(least, row[p]);
                most = fmaxf(most, row[p]);
            }
            float range = most - least, inverse = steps_in(255, range);
            int32_t zero = inverse > 0 ? whole(-least * inverse) : 0;
            if (is_row) forms[first + r] = (simile_int8_row){range / 255, zero};
            for (size_t p = 0; p < words; p++) {
                uint32_t word = 0;
                for (size_t i = 0; i < 4; i++) {
                    float x = is_row && 4 * p + i < k ? row[4 * p + i] : 0;
                    int32_t number = whole(x * inverse) + zero;
                    word |= (uint32_t)(number < 0 ? 0 : number > 255 ? 255 : number) << i * 8;
                }
                memcpy(to + p * (COLUMNS / 2) + r, &word, sizeof word);
            }
        }
}

static void product(float *c, size_t ldc, const float *a, const simile_int8_row *forms, size_t m, const float *b,
                    const float *column_scales, const int32_t *column_sums, size_t n, size_t k, const float *bias) {
    size_t words = (k + 3) / 4;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            const uint8_t *left = (const uint8_t *)(a + i / ROWS * words * (COLUMNS / 2) + i % ROWS);
            const int8_t *right = (const int8_t *)(b + j / COLUMNS * words * COLUMNS + j % COLUMNS);
            int32_t sum = -forms[i].zero * column_sums[j];
            for (size_t p = 0; p < words; p++)
                for (size_t q = 0; q < 4; q++) sum += left[p * 2 * COLUMNS + q] * right[p * 4 * COLUMNS + q];
            c[i * ldc + j] = fmaf((float)sum * column_scales[j], forms[i].scale, bias ? bias[j] : 0);
        }
}

const simile_int8_products simile_int8_products_emulated = {
    .shape = VECTOR_PANELS(4), .pack_rows = pack_rows, .product = product};
