#include "LowPrecision/low_precision.h"

extern const simile_kernel_table simile_kernels_baseline;
#if defined(__x86_64__)
extern const simile_kernel_table simile_kernels_avx2;
extern const simile_kernel_table simile_kernels_avx512;
extern const simile_product_kernels simile_bfloat16_products_avx512;
extern const simile_int8_products simile_int8_products_avx512;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static int has_pairs(void) { return __builtin_cpu_supports("avx512bf16") != 0; }
static int has_fours(void) { return __builtin_cpu_supports("avx512vnni") != 0; }
#endif

int simile_has(simile_instruction_set set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (set == SIMILE_AVX2) return has_avx2();
    if (set == SIMILE_AVX512) return has_avx512();
    if (set == SIMILE_AMX) return has_avx512() && has_pairs() && has_fours() && simile_has_amx();
#endif
    return set == SIMILE_BASELINE;
}

simile_instruction_set simile_best_instruction_set(void) {
    simile_instruction_set set = SIMILE_AMX;
    while (!simile_has(set)) set--;
    return set;
}

int simile_has_avx(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx") != 0;
#else
    return 0;
#endif
}

const simile_kernel_table *simile_kernels(simile_instruction_set set) {
    if (!simile_has(set)) return NULL;
#if defined(__x86_64__)
    if (set >= SIMILE_AVX512) return &simile_kernels_avx512;
    if (set == SIMILE_AVX2) return &simile_kernels_avx2;
#endif
    return &simile_kernels_baseline;
}

const simile_product_kernels *simile_bfloat16_products(simile_instruction_set set) {
    if (!simile_has(set)) return NULL;
#if defined(__x86_64__)
    if (set == SIMILE_AMX) return &simile_bfloat16_products_amx;
    if (set == SIMILE_AVX512 && has_pairs()) return &simile_bfloat16_products_avx512;
#endif
    return NULL;
}

const simile_int8_products *simile_int8_products_of(simile_instruction_set set) {
    if (!simile_has(set)) return NULL;
#if defined(__x86_64__)
    if (set == SIMILE_AMX) return &simile_int8_products_amx;
    if (set == SIMILE_AVX512 && has_fours()) return &simile_int8_products_avx512;
#endif
    return NULL;
}

uint64_t simile_mix(uint64_t key, uint64_t counter) {
    uint64_t x = key + (counter + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}
