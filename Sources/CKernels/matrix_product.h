// A matrix product for few rows, where a BLAS library spends much of its time on packing the weights: those
// of a linear layer over a batch of sentences. AVX-512 only; elsewhere the library is as good.
//
// As in Goto and van de Geijn 2008: a block of A stays in the second-level cache, a panel of B in the
// first, and a tile of C in registers.
#define TILE_HEIGHT 14     // rows of C in registers: 28 accumulators, two vectors of B, one entry of A
#define TILE_WIDTH 32      // columns of C in registers
#define BLOCK_DEPTH 256    // a panel of B is 32 KiB
#define BLOCK_HEIGHT 448   // a block of A is 448 KiB

static inline __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1); }

/// The 16 x 16 transpose, in place: pairs, pairs of pairs, then quarters.
static inline __attribute__((always_inline)) void transpose_16(__m512 *r) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = (__m512)_mm512_unpacklo_pd((__m512d)t[i], (__m512d)t[i + 2]);
        r[i + 1] = (__m512)_mm512_unpackhi_pd((__m512d)t[i], (__m512d)t[i + 2]);
        r[i + 2] = (__m512)_mm512_unpacklo_pd((__m512d)t[i + 1], (__m512d)t[i + 3]);
        r[i + 3] = (__m512)_mm512_unpackhi_pd((__m512d)t[i + 1], (__m512d)t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xDD);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xDD);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xDD);
    }
}

/// to[p * width + i] = from[i * ld + p] for i < count and p < depth; zero for count <= i < width.
static inline __attribute__((always_inline)) void pack_transposed(float *to, size_t width, const float *from,
                                                                  size_t ld, size_t count, size_t depth) {
    for (size_t first = 0; first < width; first += 16) {
        __mmask16 lanes = first_lanes(width - first);
        for (size_t p = 0; p < depth; p += 16) {
            __mmask16 mask = first_lanes(depth - p);
            __m512 r[16];
            for (size_t i = 0; i < 16; i++)
                r[i] = first + i < count ? _mm512_maskz_loadu_ps(mask, from + (first + i) * ld + p)
                                         : _mm512_setzero_ps();
            transpose_16(r);
            for (size_t i = 0; i < 16; i++)
                if (p + i < depth) _mm512_mask_storeu_ps(to + (p + i) * width + first, lanes, r[i]);
        }
    }
}

/// to[p * TILE_WIDTH + j] = from[p * ld + j] for j < count; zero beyond.
static inline void pack_rows(float *to, const float *from, size_t ld, size_t count, size_t depth) {
    __mmask16 low = first_lanes(count), high = first_lanes(count > 16 ? count - 16 : 0);
    for (size_t p = 0; p < depth; p++) {
        _mm512_storeu_ps(to + p * TILE_WIDTH, _mm512_maskz_loadu_ps(low, from + p * ld));
        _mm512_storeu_ps(to + p * TILE_WIDTH + 16, _mm512_maskz_loadu_ps(high, from + p * ld + 16));
    }
}

/// A tile of C. `bias` starts it when there is one; else C itself when `accumulate`.
static inline __attribute__((always_inline)) void product_tile(const int rows, float *c, size_t ldc, const float *a,
                                                               const float *b, const float *bias, size_t depth,
                                                               size_t columns, int accumulate) {
    __mmask16 low = first_lanes(columns), high = first_lanes(columns > 16 ? columns - 16 : 0);
    __m512 x[TILE_HEIGHT], y[TILE_HEIGHT];
    for (int r = 0; r < rows; r++) {
        const float *from = bias ? bias : c + r * ldc;
        x[r] = bias || accumulate ? _mm512_maskz_loadu_ps(low, from) : _mm512_setzero_ps();
        y[r] = bias || accumulate ? _mm512_maskz_loadu_ps(high, from + 16) : _mm512_setzero_ps();
    }
    for (size_t p = 0; p < depth; p++) {
        __m512 left, b0 = _mm512_loadu_ps(b + p * TILE_WIDTH), b1 = _mm512_loadu_ps(b + p * TILE_WIDTH + 16);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            left = _mm512_set1_ps(a[p * TILE_HEIGHT + r]);
            x[r] = _mm512_fmadd_ps(left, b0, x[r]);
            y[r] = _mm512_fmadd_ps(left, b1, y[r]);
        }
    }
    for (int r = 0; r < rows; r++) {
        _mm512_mask_storeu_ps(c + r * ldc, low, x[r]);
        _mm512_mask_storeu_ps(c + r * ldc + 16, high, y[r]);
    }
}

/// A panel of C of at most TILE_WIDTH columns, tile by tile.
static void product_panel(size_t rows, float *c, size_t ldc, const float *a, const float *b, const float *bias,
                          size_t depth, size_t columns, int accumulate) {
    for (; rows >= TILE_HEIGHT; rows -= TILE_HEIGHT, c += TILE_HEIGHT * ldc, a += TILE_HEIGHT * depth)
        product_tile(TILE_HEIGHT, c, ldc, a, b, bias, depth, columns, accumulate);
    switch (rows) {
#define ROWS(count) \
    case count: product_tile(count, c, ldc, a, b, bias, depth, columns, accumulate); break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13)
#undef ROWS
    }
}

/// The size of nearly equal parts of n, none above `most`, all but the last a multiple of `unit`.
static size_t part_size(size_t n, size_t most, size_t unit) {
    size_t parts = (n + most - 1) / most, size = (n + parts - 1) / parts;
    return (size + unit - 1) / unit * unit;
}

static void matrix_product(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                           int b_is_transposed, const float *bias, size_t m, size_t n, size_t k, int accumulate,
                           float *scratch) {
    float *a_block = scratch, *b_panel = scratch + (BLOCK_HEIGHT + 2) * BLOCK_DEPTH + 32;
    size_t depth_step = part_size(k, BLOCK_DEPTH, 1), height_step = part_size(m, BLOCK_HEIGHT, TILE_HEIGHT);
    for (size_t p = 0; p < k; p += depth_step) {
        size_t depth = k - p < depth_step ? k - p : depth_step;
        for (size_t i = 0; i < m; i += height_step) {
            size_t rows = m - i < height_step ? m - i : height_step;
            for (size_t r = 0; r < rows; r += TILE_HEIGHT)
                pack_transposed(a_block + r * depth, TILE_HEIGHT, a + (i + r) * lda + p, lda,
                                rows - r < TILE_HEIGHT ? rows - r : TILE_HEIGHT, depth);
            for (size_t j = 0; j < n; j += TILE_WIDTH) {
                size_t columns = n - j < TILE_WIDTH ? n - j : TILE_WIDTH;
                if (b_is_transposed)
                    pack_transposed(b_panel, TILE_WIDTH, b + j * ldb + p, ldb, columns, depth);
                else
                    pack_rows(b_panel, b + p * ldb + j, ldb, columns, depth);
                product_panel(rows, c + i * ldc + j, ldc, a_block, b_panel, p == 0 && bias ? bias + j : NULL, depth,
                              columns, accumulate || p > 0);
            }
        }
    }
}
#define MATRIX_PRODUCT matrix_product
#define PRODUCT_SCRATCH ((BLOCK_HEIGHT + 2 + TILE_WIDTH) * BLOCK_DEPTH + 32)
#define PACK_TRANSPOSED pack_transposed
