#if defined(__x86_64__)
#define KERNEL_TABLE simile_kernels_avx2
#define KERNEL_NAME "AVX2"
#define LANES 8
#define TILE_ROWS 6
#define PRODUCT_ROWS 6
#pragma clang attribute push(__attribute__((target("avx,avx2,fma"))), apply_to = function)
#include "vector_kernels.h"
#pragma clang attribute pop
#endif
