// What the products of bfloat16 and of 8-bit numbers share: their panels, and, with AVX-512, the names that avx512_lanes.h
// uses, which vector_kernels.h has for itself.
#include <float.h>

#include "CKernels.h"

#define ROWS 14
#define COLUMNS 32
/// The panels of instructions on vectors: a word of each row, a word of each column.
#define VECTOR_PANELS(numbers_of_word) \
    {.rows = ROWS, .columns = COLUMNS, .numbers = numbers_of_word, .left_words = COLUMNS / 2, .right_words = COLUMNS}

/// Rows of AMX's tiles, and words in each.
#define TILE 16
/// Rows of a panel of the left side and columns of one of the right side, for tiles: products are made of two by two.
#define PANEL (2 * TILE)
/// The panels of instructions on tiles: of the left side 16 words of a row after those of the row before, of the right side
/// as for vectors.
#define TILE_PANELS(numbers_of_word)                                                                         \
    {.rows = PANEL, .columns = PANEL, .numbers = TILE * numbers_of_word, .left_words = PANEL * TILE, \
     .right_words = PANEL * TILE}

#if defined(__x86_64__)
/// Whether AMX's tiles can be used: the system lets this process have them, and they multiply as they must.
int simile_has_amx(void);
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(16)));

/// What numbers of a range are multiplied with to have so many steps; 0 where they are all 0, or so near to it or so large that
/// no float is.
INLINE float steps_in(float steps, float range) {
    float factor = range > 0 ? steps / range : 0;
    return factor <= FLT_MAX ? factor : 0;
}
