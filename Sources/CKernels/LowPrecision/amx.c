// Whether AMX's tiles can be used.
#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CKernels.h"

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
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// A tile of the result, a second one that is not whole, and two units of k of which the second is not whole.
enum { M = 33, N = 49, K = 70 };

/// A whole number in 0...255 or in -127...127, of which the first of a row are the largest and the least: rows quantised to
/// 8 bits have a scale of 1, and all sums are exact.
static float number(size_t row, size_t p, int is_left) {
    if (is_left) return p == 0 ? 255 : p == 1 ? 0 : (float)((row * 31 + p * 7) % 256);
    return p == 0 ? 127 : (float)((row * 13 + p * 29) % 255) - 127;
}

static int is_right(const float *c, const float *a, const float *b) {
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            float sum = 0;
            for (size_t p = 0; p < K; p++) sum += a[i * K + p] * b[j * K + p];
            if (c[i * N + j] != sum) return 0;
        }
    return 1;
}

int simile_amx_multiplies(void) {
    enum { PANEL = 32, WORDS = 2 * PANEL * 48 };  // two panels, of at most three units
    float a[M * K], b[N * K], c[M * N], left[WORDS], right[WORDS], scales[2 * PANEL];
    int32_t sums[2 * PANEL];
    simile_int8_row forms[2 * PANEL];
    for (size_t i = 0; i < M * K; i++) a[i] = number(i / K, i % K, 1);
    for (size_t i = 0; i < N * K; i++) b[i] = number(i / K, i % K, 0);
    simile_bfloat16_products_amx.pack_left(left, a, K, M, K, 1);
    simile_bfloat16_products_amx.pack_right(right, b, K, N, K, 1);
    simile_bfloat16_products_amx.product(c, N, left, M, right, N, K, 0, NULL);
    if (!is_right(c, a, b)) return 0;
    simile_int8_products_amx.pack_rows(left, forms, a, K, M, K);
    simile_int8_pack_weights(right, scales, sums, simile_int8_products_amx.shape, b, N, K);
    simile_int8_products_amx.product(c, N, left, forms, M, right, scales, sums, N, K, NULL);
    return is_right(c, a, b);
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
