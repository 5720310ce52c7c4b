// Whether AMX's tiles can be used.
#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "low_precision.h"

/// The processor has tiles, their products of bfloat16 and of 8-bit numbers, and a system that saves them.
static int is_enabled(void) {
    unsigned a, b, c, d, state, upper;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0;  // OSXSAVE: xgetbv
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    const unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24, amx_int8 = 1u << 25;
    if ((d & (amx_bf16 | amx_tile | amx_int8)) != (amx_bf16 | amx_tile | amx_int8)) return 0;
    __asm__("xgetbv" : "=a"(state), "=d"(upper) : "c"(0));
    const unsigned tile_state = 3u << 17;
    return (state & tile_state) == tile_state;
}

/// Linux gives a process tiles when it asks for them.
static int is_permitted(void) {
#if defined(__linux__)
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}

// A whole result of two by two tiles and parts of others, and units of k of which the last is not whole.
enum { M = PANEL + 1, N = PANEL + 17, K = 70, WORDS = 2 * PANEL * TILE * 3 };

/// A whole number, on the left in -128...127 and on the right in -127...127, of which the first of a row are the largest and
/// the least: rows quantised to 8 bits have a scale of 1, and all sums are exact.
static float number(size_t row, size_t p, int is_left) {
    if (is_left) return p == 0 ? 127 : p == 1 ? -128 : (float)((row * 31 + p * 7) % 256) - 128;
    return p == 0 ? 127 : (float)((row * 13 + p * 29) % 255) - 127;
}

/// c = times a b + bias.
static int is_right(const float *c, const float *a, const float *b, float times, const float *bias) {
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            float sum = 0;
            for (size_t p = 0; p < K; p++) sum += a[i * K + p] * b[j * K + p];
            if (c[i * N + j] != times * sum + bias[j]) return 0;
        }
    return 1;
}

int simile_amx_multiplies(void) {
    float a[M * K], a_turned[K * M], b[N * K], b_turned[K * N], bias[N], c[M * N], left[WORDS], right[WORDS];
    float scales[2 * PANEL];
    int32_t sums[2 * PANEL];
    simile_int8_row forms[2 * PANEL];
    for (size_t p = 0; p < K; p++) {
        for (size_t i = 0; i < M; i++) a[i * K + p] = a_turned[p * M + i] = number(i, p, 1);
        for (size_t j = 0; j < N; j++) b[j * K + p] = b_turned[p * N + j] = number(j, p, 0);
    }
    for (size_t j = 0; j < N; j++) bias[j] = j;
    simile_bfloat16_products_amx.pack_left(left, a, K, M, K, 1);
    simile_bfloat16_products_amx.pack_right(right, b, K, N, K, 1);
    simile_bfloat16_products_amx.product(c, N, left, M, right, N, K, 0, bias);
    if (!is_right(c, a, b, 1, bias)) return 0;
    simile_bfloat16_products_amx.pack_left(left, a_turned, M, M, K, 0);
    simile_bfloat16_products_amx.pack_right(right, b_turned, N, N, K, 0);
    simile_bfloat16_products_amx.product(c, N, left, M, right, N, K, 1, NULL);
    if (!is_right(c, a, b, 2, bias)) return 0;
    simile_int8_products_amx.pack_rows(left, forms, a, K, M, K);
    simile_int8_pack_weights(right, scales, sums, simile_int8_products_amx.shape, b, N, K);
    simile_int8_products_amx.product(c, N, left, forms, M, right, scales, sums, N, K, bias);
    return is_right(c, a, b, 1, bias);
}

int simile_has_amx(void) {
    static atomic_int known;  // 1 no, 2 yes; two threads that find out at the same time find the same
    int state = atomic_load(&known);
    if (state == 0) {
        state = is_enabled() && is_permitted() && simile_amx_multiplies() ? 2 : 1;
        atomic_store(&known, state);
    }
    return state == 2;
}
#endif
