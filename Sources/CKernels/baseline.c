#define KERNEL_TABLE simile_kernels_baseline
#define KERNEL_NAME "baseline"
#define KERNEL_SCRATCH
#define LANES 4
#define TILE_ROWS 6
#define PRODUCT_ROWS 4
#include "vector_kernels.h"
