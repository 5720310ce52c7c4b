#if defined(__x86_64__)
#include <immintrin.h>
#define KERNEL_TABLE simile_kernels_avx512
#define KERNEL_NAME "AVX-512"
#define LANES 16
#define TILE_ROWS 8
#define PRODUCT_ROWS 14
#pragma clang attribute push( \
    __attribute__((target("avx,avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "vector_kernels.h"
#pragma clang attribute pop
#endif
