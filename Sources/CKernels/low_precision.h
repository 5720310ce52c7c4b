// What the products of bfloat16 and of 8-bit numbers share: the tiles, and so the panels, and, with AVX-512, the names that
// avx512_lanes.h uses, which vector_kernels.h has for itself.
#include "CKernels.h"

#define ROWS 14
#define COLUMNS 32
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(16)));
