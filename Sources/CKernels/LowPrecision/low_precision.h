// What the products of bfloat16 and of 8-bit numbers share: their panels, and, with AVX-512, the names that avx512_lanes.h
// uses, which vector_kernels.h has for itself.
#include <float.h>

#include "CKernels.h"

#define ROWS 14
#define COLUMNS 32
/// The panels of instructions on vectors: a word of each row, a word of each column.
#define VECTOR_PANELS(numbers_of_word) \
    {.rows = ROWS, .columns = COLUMNS, .numbers = numbers_of_word, .left_words = COLUMNS / 2, .right_words = COLUMNS}

/// Rows, and words of a row, of AMX's tiles; two by two make a tile of the result.
#define TILE 16
/// The panels of instructions on tiles: of the left side 16 words of a row after those of the row before, of the right side
/// as for vectors.
#define TILE_PANELS(numbers_of_word)                                                                         \
    {.rows = 2 * TILE, .columns = 2 * TILE, .numbers = TILE * numbers_of_word, .left_words = 2 * TILE * TILE, \
     .right_words = 2 * TILE * TILE}

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(16)));

/// What numbers of a range are multiplied with to have so many steps; 0 where they are all 0, or so near to it or so large that
/// no float is.
INLINE float steps_in(float steps, float range) {
    float factor = range > 0 ? steps / range : 0;
    return factor <= FLT_MAX ? factor : 0;
}
