// What the products of bfloat16 and of 8-bit numbers share: the tiles, and so the panels, and, with AVX-512, the names that
// avx512_lanes.h uses, which vector_kernels.h has for itself.
#include <float.h>

#include "CKernels.h"

#define ROWS 14
#define COLUMNS 32
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(16)));

/// What numbers of a range are multiplied with to have so many steps; 0 where they are all 0, or so near to it or so large that
/// no float is.
INLINE float steps_in(float steps, float range) {
    float factor = range > 0 ? steps / range : 0;
    return factor <= FLT_MAX ? factor : 0;
}
