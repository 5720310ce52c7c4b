#define KERNEL_TABLE simile_kernels_baseline
#define KERNEL_NAME "baseline"
#define KERNEL_SCRATCH
#define LANES 4
#define TILE_ROWS 6
#include "vector_kernels.h"
