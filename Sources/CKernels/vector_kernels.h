// The loops of CKernels.h, written once over LANES floats; each instruction set includes this file.
// A row's last, partial vector is read as zeros and written only as far as the row goes.
#include <math.h>
#include <string.h>

#include "CKernels.h"

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef float vec_unaligned __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t ivec __attribute__((ext_vector_type(LANES)));
typedef uint32_t uvec __attribute__((ext_vector_type(LANES)));
#define INLINE static inline __attribute__((always_inline))

#if LANES == 16
#include "avx512_lanes.h"
#else
/// The first `left` < LANES floats, then zeros.
INLINE vec load_part(const float *p, size_t left) {
    vec x = 0;
    memcpy(&x, p, left * sizeof(float));
    return x;
}

INLINE void store_part(float *p, vec x, size_t left) { memcpy(p, &x, left * sizeof(float)); }

/// to[d, width] = from[length, d] transposed, zero beyond the length; width is a multiple of LANES.
INLINE void transpose(float *to, size_t width, const float *from, size_t ld, size_t length, size_t d) {
    for (size_t i = 0; i < length; i++)
        for (size_t c = 0; c < d; c++) to[c * width + i] = from[i * ld + c];
    for (size_t c = 0; c < d; c++)
        for (size_t i = length; i < width; i++) to[c * width + i] = 0;
}
#endif

INLINE vec load(const float *p, size_t left) {
    return left >= LANES ? *(const vec_unaligned *)p : load_part(p, left);
}

INLINE void store(float *p, vec x, size_t left) {
    if (left >= LANES) {
        *(vec_unaligned *)p = x;
    } else {
        store_part(p, x, left);
    }
}

/// 0, 1, 2, ...
INLINE ivec lane_numbers(void) {
    static const int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    ivec lanes;
    memcpy(&lanes, numbers, sizeof lanes);
    return lanes;
}

INLINE vec keep_where(ivec mask, vec x) { return (vec)((ivec)x & mask); }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }

INLINE float sum(vec x) {
    float s[LANES];
    memcpy(s, &x, sizeof s);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) s[i] += s[i + width];
    return s[0];
}

INLINE float largest(vec x) {
    float m = x[0];
    for (int i = 1; i < LANES; i++) m = x[i] > m ? x[i] : m;
    return m;
}

INLINE vec clamp(vec x, float low, float high) {
    x = choose(x < low, (vec)low, x);
    return choose(x > high, (vec)high, x);
}
INLINE vec magnitude(vec x) { return (vec)((ivec)x & 0x7FFFFFFF); }

#define ROUNDING 12582912.0f  // 1.5 * 2^23: adding it rounds to an integer

/// e^x = 2^n * the result, for |x| <= 104; x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7.
INLINE vec exp_core(vec x, vec *n) {
    *n = (x * 1.44269504f + ROUNDING) - ROUNDING;
    vec r = (x - *n * 0.693145752f) - *n * 1.42860677e-6f;
    vec p = 1.98412698e-4f;
    p = p * r + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 0.166666667f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    return p * r + 1.0f;
}

/// 2^n for an integer n in -126...127.
INLINE vec power_of_two(vec n) { return (vec)((__builtin_convertvector(n, ivec) + 127) << 23); }

/// e^x for x <= 88; relative error below 2e-7. Smaller than -87 gives about 1e-38.
INLINE vec exp_lanes(vec x) {
    vec n, p = exp_core(clamp(x, -87, 88), &n);
    return p * power_of_two(n);
}

static void exp_numbers(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec power, p = exp_core(clamp(load(x + i, n - i), -104, 89), &power);
        vec half = (power * 0.5f + ROUNDING) - ROUNDING;  // 2^power alone need not be a float
        store(y + i, p * power_of_two(half) * power_of_two(power - half), n - i);
    }
}

/// By e^2x, or where that would cancel by x + x^3 P(x^2), P of degree 4 with the least relative error on |x| <= 0.625.
static void tanh_numbers(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec v = load(x + i, n - i);
        ivec sign = (ivec)v & (int32_t)0x80000000;
        vec size = magnitude(v), square = size * size;
        vec p = -5.70499e-3f;
        p = p * square + 2.063909e-2f;
        p = p * square - 5.373971e-2f;
        p = p * square + 0.13331442f;
        p = p * square - 0.33333282f;
        vec near = size + size * square * p;
        vec far = 1.0f - 2.0f / (exp_lanes(2.0f * size) + 1.0f);
        store(y + i, (vec)((ivec)choose(size < 0.625f, near, far) | sign), n - i);
    }
}

/// Phi(x), the normal distribution function, and e^(-x^2/2), which it shares with its derivative.
/// erfc by Abramowitz and Stegun 7.1.26, |error| <= 1.5e-7.
INLINE vec normal_cdf(vec x, vec *gauss) {
    vec z = magnitude(x) * 0.70710678f;
    vec t = 1.0f / (1.0f + 0.3275911f * z);
    *gauss = exp_lanes(-z * z);
    vec p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    vec half_tail = 0.5f * p * t * *gauss;
    return choose(x < 0.0f, half_tail, 1.0f - half_tail);
}

static void gelu_forward(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec v = load(x + i, n - i), gauss;
        store(y + i, v * normal_cdf(v, &gauss), n - i);
    }
}

static void gelu_backward(float *dx, float *y, const float *x, const float *dy, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec v = load(x + i, n - i), gauss;
        vec cdf = normal_cdf(v, &gauss);
        vec slope = cdf + v * gauss * 0.39894228f;
        vec g = load(dy + i, n - i);
        if (y) store(y + i, v * cdf, n - i);
        store(dx + i, g * slope, n - i);
    }
}

/// All ones in the lanes that dropout keeps. One 64-bit mix a row, a 32-bit one a lane.
INLINE ivec kept_lanes(uint64_t row_key, size_t column, uint32_t threshold) {
    uvec x = ((uint32_t)column + (uvec)lane_numbers()) * 0x9E3779B9u + (uint32_t)row_key;
    x = (x ^ (x >> 16)) * 0x21F0AAADu;
    x = (x ^ (x >> 15)) + (uint32_t)(row_key >> 32);
    x = (x ^ (x >> 16)) * 0x735A2D97u;
    x = x ^ (x >> 15);
    return x >= threshold;
}

INLINE vec drop(vec x, simile_dropout dropout, uint64_t row_key, size_t column) {
    return keep_where(kept_lanes(row_key, column, dropout.threshold), x * dropout.scale);
}

static void dropout_rows(float *y, const float *x, simile_dropout dropout, size_t row, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        uint64_t row_key = simile_mix(dropout.key, row + r);
        for (size_t i = 0; i < n; i += LANES)
            store(y + i, drop(load(x + i, n - i), dropout, row_key, i), n - i);
    }
}

INLINE void scale_shift_row(float *y, const float *x, const float *gamma, const float *beta, size_t n) {
    for (size_t i = 0; i < n; i += LANES)
        store(y + i, load(x + i, n - i) * load(gamma + i, n - i) + load(beta + i, n - i), n - i);
}

static void scale_shift(float *y, const float *x, const float *gamma, const float *beta, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++) scale_shift_row(y + r * n, x + r * n, gamma, beta, n);
}

static void add_norm_forward(float *y, float *normalised, float *rstd, const float *x, const float *residual,
                             const float *gamma, const float *beta, float epsilon, simile_dropout dropout,
                             size_t row, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++, x += n, y += n, normalised += n) {
        uint64_t row_key = dropout.threshold ? simile_mix(dropout.key, row + r) : 0;
        vec total = 0;
        for (size_t i = 0; i < n; i += LANES) {
            vec z = load(x + i, n - i);
            if (dropout.threshold) z = drop(z, dropout, row_key, i);
            if (residual) z += load(residual + i, n - i);
            store(normalised + i, z, n - i);
            total += z;
        }
        float mean = sum(total) / (float)n;
        vec squares = 0;
        for (size_t i = 0; i < n; i += LANES) {
            vec c = load(normalised + i, n - i) - mean;
            if (n - i < LANES) c = keep_where(lane_numbers() < (int32_t)(n - i), c);  // beyond the row: -mean
            squares += c * c;
        }
        float inverse = 1.0f / sqrtf(sum(squares) / (float)n + epsilon);
        rstd[r] = inverse;
        for (size_t i = 0; i < n; i += LANES) {
            store(normalised + i, (load(normalised + i, n - i) - mean) * inverse, n - i);
        }
        scale_shift_row(y, normalised, gamma, beta, n);
        if (residual) residual += n;
    }
}

static void add_norm_backward(float *dz, float *dx, float *dgamma, float *dbeta, const float *dy,
                              const float *normalised, const float *rstd, const float *gamma,
                              simile_dropout dropout, size_t row, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++, dz += n, dy += n, normalised += n) {
        vec sum_g = 0, sum_gh = 0;
        for (size_t i = 0; i < n; i += LANES) {
            vec d = load(dy + i, n - i), h = load(normalised + i, n - i);
            vec g = d * load(gamma + i, n - i);
            sum_g += g;
            sum_gh += g * h;
            store(dgamma + i, load(dgamma + i, n - i) + d * h, n - i);
            store(dbeta + i, load(dbeta + i, n - i) + d, n - i);
        }
        float mean_g = sum(sum_g) / (float)n, mean_gh = sum(sum_gh) / (float)n, scale = rstd[r];
        uint64_t row_key = dx && dropout.threshold ? simile_mix(dropout.key, row + r) : 0;
        for (size_t i = 0; i < n; i += LANES) {
            vec g = load(dy + i, n - i) * load(gamma + i, n - i);
            vec d = (g - mean_g - load(normalised + i, n - i) * mean_gh) * scale;
            store(dz + i, d, n - i);
            if (dx) store(dx + i, drop(d, dropout, row_key, i), n - i);
        }
        if (dx) dx += n;
    }
}

/// y = softmax(scale * x), scale > 0.
INLINE void softmax_row(float *y, const float *x, size_t n, float scale) {
    const vec lowest = -INFINITY;
    vec m = lowest;
    for (size_t i = 0; i < n; i += LANES) {
        vec v = load(x + i, n - i);
        if (n - i < LANES) v = choose(lane_numbers() < (int32_t)(n - i), v, lowest);
        m = choose(v > m, v, m);
    }
    float top = largest(m);
    vec total = 0;
    for (size_t i = 0; i < n; i += LANES) {
        vec e = exp_lanes((load(x + i, n - i) - top) * scale);
        store(y + i, e, n - i);
        if (n - i < LANES) e = keep_where(lane_numbers() < (int32_t)(n - i), e);
        total += e;
    }
    float inverse = 1.0f / sum(total);
    for (size_t i = 0; i < n; i += LANES) store(y + i, load(y + i, n - i) * inverse, n - i);
}

static void softmax_rows(float *y, const float *x, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++) softmax_row(y + r * n, x + r * n, n, 1);
}

// MARK: Small products, such as those of one head of attention: a tile stays in registers, nothing is packed.

/// A tile of C[rows, columns] (+)= A B with columns <= vectors * LANES, vectors <= 2; A is broadcast, B's rows are vectors.
/// C begins as it is, or as the row `bias`, or as 0. Fetches k vectors at `ahead` for later, unless it is NULL.
INLINE void tile(const int rows, const int vectors, float *c, size_t ldc, const float *a, size_t row_stride,
                 size_t k_stride, const float *b, size_t ldb, size_t k, size_t columns, int accumulate,
                 const float *bias, const float *ahead) {
    vec sums[TILE_ROWS > PRODUCT_ROWS ? TILE_ROWS : PRODUCT_ROWS][2];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int j = 0; j < vectors; j++)
            sums[r][j] = accumulate ? load(c + r * ldc + j * LANES, columns - j * LANES)
                         : bias     ? load(bias + j * LANES, columns - j * LANES)
                                    : (vec)0;
    for (size_t p = 0; p < k; p++) {
        vec right[2];
#pragma unroll
        for (int j = 0; j < vectors; j++) right[j] = load(b + p * ldb + j * LANES, columns - j * LANES);
        if (ahead) __builtin_prefetch(ahead + p * LANES, 0, 2);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            vec left = a[r * row_stride + p * k_stride];
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[r][j] += left * right[j];
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int j = 0; j < vectors; j++) store(c + r * ldc + j * LANES, sums[r][j], columns - j * LANES);
}

/// The tiles of a band of columns, one under the other.
INLINE void band(const int vectors, float *c, size_t ldc, const float *a, size_t row_stride, size_t k_stride,
                 const float *b, size_t ldb, size_t m, size_t k, size_t columns, int accumulate, const float *bias) {
    size_t i = 0;
#define TILES(rows)                                                                                           \
    for (; i + rows <= m; i += rows)                                                                          \
        tile(rows, vectors, c + i * ldc, ldc, a + i * row_stride, row_stride, k_stride, b, ldb, k, columns, \
             accumulate, bias, NULL);
    TILES(TILE_ROWS)
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

/// C[m, n] (+)= A[m, k] B[k, n]; A's entry (i, p) is a[i * row_stride + p * k_stride].
static void small_product(float *c, size_t ldc, const float *a, size_t row_stride, size_t k_stride,
                          const float *b, size_t ldb, size_t m, size_t n, size_t k, int accumulate) {
    size_t j = 0;
    // Constant numbers of columns let the compiler drop the partial vectors.
    for (; j + 2 * LANES <= n; j += 2 * LANES)
        band(2, c + j, ldc, a, row_stride, k_stride, b + j, ldb, m, k, 2 * LANES, accumulate, NULL);
    for (; j + LANES <= n; j += LANES)
        band(1, c + j, ldc, a, row_stride, k_stride, b + j, ldb, m, k, LANES, accumulate, NULL);
    if (j < n) band(1, c + j, ldc, a, row_stride, k_stride, b + j, ldb, m, k, n - j, accumulate, NULL);
}

// MARK: Large products. Both sides are packed first, so that the tiles read memory in order.

#define PRODUCT_COLUMNS (2 * LANES)
_Static_assert(PRODUCT_ROWS <= LANES, "a panel of the left side is one vector wide");

/// Panels of `step` columns each, one after the other: to[k, width] = from[k, step] or, transposed, from[step, k].
static void pack(float *to, size_t width, size_t step, const float *from, size_t ld, size_t count, size_t k,
                 int transposed) {
    if (count == 0) return;
    if (transposed) {
        for (size_t first = 0; first < count; first += step, to += width * k)
            transpose(to, width, from + first * ld, ld, count - first < step ? count - first : step, k);
        return;
    }
    // Along whole rows, as they lie in memory. But panels lie apart by a power of two, so that the same row of many panels
    // goes to a few sets of the cache: with more than 256 columns, 16 rows of one panel are written before those of the next.
    const int is_wide = count > 256;
    const size_t together = is_wide ? 16 : 1;
    const size_t distance = is_wide ? 64 : (1536 + count - 1) / count * ld;  // some hundred cache lines
    for (size_t next = 0; next < k; next += together, from += together * ld) {
        size_t end = k - next < together ? k - next : together;
        float *out = to + next * width;
        for (size_t first = 0; first < count; first += step, out += width * k) {
            size_t columns = count - first < step ? count - first : step;
            for (size_t p = 0; p < end; p++)
                for (size_t i = 0; i < width; i += LANES) {
                    const float *part = from + p * ld + first + i;
                    __builtin_prefetch(part + distance);
                    *(vec_unaligned *)(out + p * width + i) = i < columns ? load(part, columns - i) : (vec)0;
                }
        }
    }
}

static void pack_left(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    pack(to, LANES, PRODUCT_ROWS, from, ld, count, k, transposed);
}

static void pack_right(float *to, const float *from, size_t ld, size_t count, size_t k, int transposed) {
    pack(to, PRODUCT_COLUMNS, PRODUCT_COLUMNS, from, ld, count, k, transposed);
}

static void product(float *c, size_t ldc, const float *a, size_t m, const float *b, size_t n, size_t k,
                    int accumulate, const float *bias) {
    for (size_t i = 0; i < m; i += PRODUCT_ROWS) {
        size_t rows = m - i < PRODUCT_ROWS ? m - i : PRODUCT_ROWS;
        const float *left = a + i / PRODUCT_ROWS * k * LANES;
        for (size_t j = 0; j < n; j += PRODUCT_COLUMNS) {
            const float *right = b + j * k, *start = bias ? bias + j : NULL;
            float *out = c + i * ldc + j;
            // Constant numbers of rows and columns where possible, as in small_product.
            if (n - j >= PRODUCT_COLUMNS && rows == PRODUCT_ROWS) {
                // Where another core has what is read next, or what is written, it takes long to come.
                for (size_t r = 0; r < PRODUCT_ROWS; r++) {
                    __builtin_prefetch(out + r * ldc, 1);
                    __builtin_prefetch(out + r * ldc + LANES, 1);
                }
                tile(PRODUCT_ROWS, 2, out, ldc, left, 1, LANES, right, PRODUCT_COLUMNS, k, PRODUCT_COLUMNS,
                     accumulate, start, left + k * LANES);
            } else if (n - j >= PRODUCT_COLUMNS)
                band(2, out, ldc, left, 1, LANES, right, PRODUCT_COLUMNS, rows, k, PRODUCT_COLUMNS, accumulate,
                     start);
            else if (n - j > LANES)
                band(2, out, ldc, left, 1, LANES, right, PRODUCT_COLUMNS, rows, k, n - j, accumulate, start);
            else
                band(1, out, ldc, left, 1, LANES, right, PRODUCT_COLUMNS, rows, k, n - j, accumulate, start);
        }
    }
}

// MARK: Attention

#define QUERY_BLOCK 64  // rows of scores held at a time: scratch grows with the length, not its square

INLINE size_t padded(size_t length) { return (length + LANES - 1) / LANES * LANES; }

#if defined(KERNEL_SCRATCH)
size_t simile_attention_scratch(size_t length, size_t d) {
    return (length + 16) * (2 * d + 2 * QUERY_BLOCK);  // 16: the widest vector's padding
}
#endif

/// Probabilities of `rows` queries from the one at `first` on: p[rows, padded length] = softmax(q k^T * scale);
/// causal, those of later keys are 0.
INLINE void attention_rows(float *p, const float *q, size_t ld, const float *k_transposed, size_t first,
                           size_t rows, size_t length, size_t d, float scale, int causal) {
    size_t width = padded(length);
    small_product(p, width, q + first * ld, ld, 1, k_transposed, width, rows, width, d, 0);
    for (size_t i = 0; i < rows; i++) {
        size_t keys = causal ? first + i + 1 : length;
        softmax_row(p + i * width, p + i * width, keys, scale);
        for (size_t j = keys; j < length; j++) p[i * width + j] = 0;
    }
}

static void attention_forward(float *out, size_t ldo, const float *q, const float *k, const float *v, size_t ld,
                              size_t length, size_t d, float scale, int causal, simile_dropout dropout,
                              size_t row, float *scratch) {
    size_t width = padded(length);
    float *k_transposed = scratch, *p = scratch + 2 * d * width;
    transpose(k_transposed, width, k, ld, length, d);
    for (size_t first = 0; first < length; first += QUERY_BLOCK) {
        size_t rows = length - first < QUERY_BLOCK ? length - first : QUERY_BLOCK;
        attention_rows(p, q, ld, k_transposed, first, rows, length, d, scale, causal);
        if (dropout.threshold)
            for (size_t i = 0; i < rows; i++)
                dropout_rows(p + i * width, p + i * width, dropout, row + first + i, 1, length);
        small_product(out + first * ldo, ldo, p, width, 1, v, ld, rows, d, length, 0);
    }
}

static void attention_backward(float *dq, float *dk, float *dv, size_t ldg, const float *dout, size_t ldo,
                               const float *q, const float *k, const float *v, size_t ld, size_t length, size_t d,
                               float scale, int causal, simile_dropout dropout, size_t row, float *scratch) {
    size_t width = padded(length);
    float *k_transposed = scratch, *v_transposed = scratch + d * width;
    float *p = scratch + 2 * d * width, *ds = p + QUERY_BLOCK * width;
    transpose(k_transposed, width, k, ld, length, d);
    transpose(v_transposed, width, v, ld, length, d);
    for (size_t first = 0; first < length; first += QUERY_BLOCK) {
        size_t rows = length - first < QUERY_BLOCK ? length - first : QUERY_BLOCK;
        attention_rows(p, q, ld, k_transposed, first, rows, length, d, scale, causal);
        small_product(ds, width, dout + first * ldo, ldo, 1, v_transposed, width, rows, width, d, 0);
        // From here ds is the gradient of the dropped probabilities; p becomes those after use.
        for (size_t i = 0; i < rows; i++) {
            float *pi = p + i * width, *di = ds + i * width;
            uint64_t row_key = dropout.threshold ? simile_mix(dropout.key, row + first + i) : 0;
            vec dot = 0;
            for (size_t j = 0; j < length; j += LANES) {
                vec g = load(di + j, length - j), w = load(pi + j, length - j);
                if (dropout.threshold) g = drop(g, dropout, row_key, j);
                store(di + j, g, length - j);
                dot += g * w;
            }
            float mean = sum(dot);
            for (size_t j = 0; j < length; j += LANES) {
                vec w = load(pi + j, length - j);
                store(di + j, w * (load(di + j, length - j) - mean) * scale, length - j);
                if (dropout.threshold) store(pi + j, drop(w, dropout, row_key, j), length - j);
            }
        }
        small_product(dq + first * ldg, ldg, ds, width, 1, k, ld, rows, d, length, 0);
        small_product(dk, ldg, ds, 1, width, q + first * ld, ld, length, d, rows, first > 0);
        small_product(dv, ldg, p, 1, width, dout + first * ldo, ldo, length, d, rows, first > 0);
    }
}

// MARK: Whole arrays

static void add(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) store(y + i, load(y + i, n - i) + load(x + i, n - i), n - i);
}

static void axpy(float *y, float a, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) store(y + i, load(y + i, n - i) + a * load(x + i, n - i), n - i);
}

static void scale(float *y, float a, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) store(y + i, a * load(x + i, n - i), n - i);
}

/// The sums of columns <= vectors * LANES, vectors <= 4.
INLINE void add_sums(const int vectors, float *sums, const float *x, size_t ld, size_t rows, size_t columns) {
    vec totals[4] = {0};
    for (size_t r = 0; r < rows; r++)
        for (int j = 0; j < vectors; j++) totals[j] += load(x + r * ld + j * LANES, columns - j * LANES);
    for (int j = 0; j < vectors; j++)
        store(sums + j * LANES, load(sums + j * LANES, columns - j * LANES) + totals[j], columns - j * LANES);
}

static void add_column_sums(float *sums, const float *x, size_t ld, size_t rows, size_t n) {
    size_t i = 0;
    // More of each row at a time, as it lies in memory.
    for (; i + 4 * LANES <= n; i += 4 * LANES) add_sums(4, sums + i, x + i, ld, rows, 4 * LANES);
    for (; i < n; i += LANES) add_sums(1, sums + i, x + i, ld, rows, n - i);
}

static float dot(const float *x, const float *y, size_t n) {
    vec total = 0;
    for (size_t i = 0; i < n; i += LANES) total += load(x + i, n - i) * load(y + i, n - i);
    return sum(total);
}

static double sum_of_squares(const float *x, size_t n) {
    double total = 0;
    for (size_t first = 0; first < n; first += 1024) {
        size_t end = n - first < 1024 ? n : first + 1024;
        vec part = 0;
        for (size_t i = first; i < end; i += LANES) {
            vec v = load(x + i, end - i);
            part += v * v;
        }
        total += sum(part);
    }
    return total;
}

static void adamw(float *p, const float *g, float *m, float *v, size_t n, simile_adamw s) {
    for (size_t i = 0; i < n; i += LANES) {
        vec gradient = g ? load(g + i, n - i) * s.gradient_scale : (vec)0;
        vec first = load(m + i, n - i);
        first += (1.0f - s.beta1) * (gradient - first);
        vec second = s.beta2 * load(v + i, n - i) + (1.0f - s.beta2) * (gradient * gradient);
        vec denominator = __builtin_elementwise_sqrt(second) * s.inverse_correction2 + s.epsilon;
        store(m + i, first, n - i);
        store(v + i, second, n - i);
        store(p + i, load(p + i, n - i) * s.decay - s.step_size * (first / denominator), n - i);
    }
}

static void narrow(uint16_t *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = simile_to_bfloat16(x[i]);
}

static void widen(float *y, const uint16_t *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = simile_from_bfloat16(x[i]);
}

static void multiply_in_turn(float *x, size_t n, const float *factors, size_t count) {
    for (size_t i = 0; i < n; i += LANES) {
        vec v = load(x + i, n - i);
        for (size_t f = 0; f < count; f++) v *= factors[f];
        store(x + i, v, n - i);
    }
}

const simile_kernel_table KERNEL_TABLE = {
    .name = KERNEL_NAME,
    .exp = exp_numbers,
    .tanh = tanh_numbers,
    .gelu_forward = gelu_forward,
    .gelu_backward = gelu_backward,
    .add_norm_forward = add_norm_forward,
    .add_norm_backward = add_norm_backward,
    .scale_shift = scale_shift,
    .dropout = dropout_rows,
    .attention_forward = attention_forward,
    .attention_backward = attention_backward,
    .softmax_rows = softmax_rows,
    .products = {.shape = {.rows = PRODUCT_ROWS, .columns = PRODUCT_COLUMNS, .numbers = 1, .left_words = LANES,
                           .right_words = PRODUCT_COLUMNS},
                 .most_units = 512, .pack_left = pack_left, .pack_right = pack_right, .product = product},
    .add = add,
    .axpy = axpy,
    .scale = scale,
    .add_column_sums = add_column_sums,
    .dot = dot,
    .sum_of_squares = sum_of_squares,
    .adamw = adamw,
    .narrow = narrow,
    .widen = widen,
    .multiply_in_turn = multiply_in_turn,
};
