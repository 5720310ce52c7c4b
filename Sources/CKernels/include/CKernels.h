#pragma once
#include <stddef.h>
#include <stdint.h>

#include "bfloat16.h"

/// Vector loops over Float32 rows, compiled once for each instruction set and chosen at run time.
/// No policy lives here: no threads, no allocation, no BLAS. Matrices are row-major; `ld*` are row
/// strides in floats. Pointers need no alignment. `n` may be any size, 0 included.

/// Dropout that depends only on (key, row, column): the same for any split of the rows.
typedef struct {
    uint64_t key;       ///< mixes seed, step and the operation's number
    uint32_t threshold; ///< probability * 2^32; 0 turns dropout off
    float scale;        ///< 1 / (1 - probability)
} simile_dropout;

/// One step of AdamW, the same for every parameter of a group.
typedef struct {
    float gradient_scale; ///< clipping and averaging folded in
    float beta1, beta2, epsilon;
    float step_size;           ///< learning rate / (1 - beta1^t)
    float inverse_correction2; ///< 1 / sqrt(1 - beta2^t)
    float decay;               ///< 1 - learning rate * weight decay
} simile_adamw;

/// How both sides of a large product are packed: in panels of words of 32 bits, which hold one float, two bfloat16 or four
/// 8-bit numbers that follow each other in k, the first in the lowest bits. A panel is cut along k into units.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    /// Rows of a panel of the left side, and columns of one of the right side: those of a tile of the result.
    size_t rows, columns;
    /// Numbers of k in a unit; the last one is filled up with zeros.
    size_t numbers;
    /// Words of a unit in a panel of the left and of the right side.
    size_t left_words, right_words;
} simile_panel_shape;

/// Large matrix products from packed panels of float32 or bfloat16 numbers.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    simile_panel_shape shape;
    /// The most units to multiply at a time: of more, a panel of the left side does not stay in the first-level cache.
    size_t most_units;
    /// The panels of `count` rows of the left side, one after the other: of from[k, count] or, transposed, from[count, k].
    /// Zeros stand for rows beyond `count`.
    void (*_Nonnull pack_left)(float *_Nonnull to, const float *_Nonnull from, size_t ld, size_t count, size_t k,
                               int transposed);
    /// The panels of `count` columns of the right side, in the same way.
    void (*_Nonnull pack_right)(float *_Nonnull to, const float *_Nonnull from, size_t ld, size_t count, size_t k,
                                int transposed);
    /// c[m, n] (+)= a b from packed panels. Not accumulating, c begins as the row `bias`, or as 0 when that is NULL.
    /// The order of an element's sum depends on k alone, not on the other rows and columns.
    void (*_Nonnull product)(float *_Nonnull c, size_t ldc, const float *_Nonnull a, size_t m,
                             const float *_Nonnull b, size_t n, size_t k, int accumulate,
                             const float *_Nullable bias);
} simile_product_kernels;

typedef struct __attribute__((swift_attr("@Sendable"))) {
    const char *_Nonnull name;

    /// y = e^x, within 2 ulp; 0 or infinity where there is no float for it. y may be x.
    void (*_Nonnull exp)(float *_Nonnull y, const float *_Nonnull x, size_t n);
    /// y = tanh(x), within 2 ulp; y may be x.
    void (*_Nonnull tanh)(float *_Nonnull y, const float *_Nonnull x, size_t n);
    /// y = x * Phi(x), the erf form of GELU; |error| <= 2e-7 * (1 + |x|).
    void (*_Nonnull gelu_forward)(float *_Nonnull y, const float *_Nonnull x, size_t n);
    /// dx = dy * gelu'(x) and y = gelu(x) again, in one pass; dx may be dy, and `y` may be NULL.
    void (*_Nonnull gelu_backward)(float *_Nonnull dx, float *_Nullable y, const float *_Nonnull x,
                                   const float *_Nonnull dy, size_t n);

    /// y = normalised * gamma + beta, with normalised = (z - mean) * rstd and z = dropout(x) + residual.
    /// `residual` may be NULL. Keeps `normalised` and `rstd` for the backward pass.
    /// `row` numbers the first of `rows` rows, for dropout.
    void (*_Nonnull add_norm_forward)(float *_Nonnull y, float *_Nonnull normalised, float *_Nonnull rstd,
                                      const float *_Nonnull x, const float *_Nullable residual,
                                      const float *_Nonnull gamma, const float *_Nonnull beta, float epsilon,
                                      simile_dropout dropout, size_t row, size_t rows, size_t n);
    /// dz from dy, and dx = dropout'(dz) when `dx` is given; adds to dgamma and dbeta (each [n]).
    void (*_Nonnull add_norm_backward)(float *_Nonnull dz, float *_Nullable dx, float *_Nonnull dgamma,
                                       float *_Nonnull dbeta, const float *_Nonnull dy,
                                       const float *_Nonnull normalised, const float *_Nonnull rstd,
                                       const float *_Nonnull gamma, simile_dropout dropout, size_t row,
                                       size_t rows, size_t n);

    /// y[rows, n] = x * gamma + beta, with gamma and beta [n].
    void (*_Nonnull scale_shift)(float *_Nonnull y, const float *_Nonnull x, const float *_Nonnull gamma,
                                 const float *_Nonnull beta, size_t rows, size_t n);

    /// y = dropout(x); also its own derivative. y may be x.
    void (*_Nonnull dropout)(float *_Nonnull y, const float *_Nonnull x, simile_dropout dropout, size_t row,
                             size_t rows, size_t n);

    /// One head of one sequence: out[length, d] = dropout(softmax(q k^T * scale)) v, causal: of keys up to the query's.
    /// q, k, v have row stride `ld`; out has `ldo`. `scratch` holds simile_attention_scratch floats.
    void (*_Nonnull attention_forward)(float *_Nonnull out, size_t ldo, const float *_Nonnull q,
                                       const float *_Nonnull k, const float *_Nonnull v, size_t ld,
                                       size_t length, size_t d, float scale, int causal,
                                       simile_dropout dropout, size_t row, float *_Nonnull scratch);
    /// Gradients of q, k and v (row stride `ldg`, overwritten) from dout (row stride `ldo`).
    void (*_Nonnull attention_backward)(float *_Nonnull dq, float *_Nonnull dk, float *_Nonnull dv, size_t ldg,
                                        const float *_Nonnull dout, size_t ldo, const float *_Nonnull q,
                                        const float *_Nonnull k, const float *_Nonnull v, size_t ld,
                                        size_t length, size_t d, float scale, int causal,
                                        simile_dropout dropout, size_t row, float *_Nonnull scratch);

    /// Large products of float32 panels.
    simile_product_kernels products;

    /// y = softmax of each row; y may be x.
    void (*_Nonnull softmax_rows)(float *_Nonnull y, const float *_Nonnull x, size_t rows, size_t n);

    /// y += x
    void (*_Nonnull add)(float *_Nonnull y, const float *_Nonnull x, size_t n);
    /// y += a * x
    void (*_Nonnull axpy)(float *_Nonnull y, float a, const float *_Nonnull x, size_t n);
    /// y = a * x; y may be x.
    void (*_Nonnull scale)(float *_Nonnull y, float a, const float *_Nonnull x, size_t n);
    /// sums[n] += the sum over the rows of x[rows, n], whose row stride is `ld`
    void (*_Nonnull add_column_sums)(float *_Nonnull sums, const float *_Nonnull x, size_t ld, size_t rows,
                                     size_t n);
    float (*_Nonnull dot)(const float *_Nonnull x, const float *_Nonnull y, size_t n);
    /// Sum of squares, accumulated in double every 1024 entries.
    double (*_Nonnull sum_of_squares)(const float *_Nonnull x, size_t n);

    /// AdamW (Loshchilov and Hutter 2019) on n entries in one pass; `g` may be NULL for a zero gradient.
    void (*_Nonnull adamw)(float *_Nonnull p, const float *_Nullable g, float *_Nonnull m, float *_Nonnull v,
                           size_t n, simile_adamw step);
    /// y = the bfloat16 numbers nearest to x.
    void (*_Nonnull narrow)(uint16_t *_Nonnull y, const float *_Nonnull x, size_t n);
    /// y = the floats that x are.
    void (*_Nonnull widen)(float *_Nonnull y, const uint16_t *_Nonnull x, size_t n);
    /// x = each factor in turn times x, with the rounding of one multiplication per factor.
    void (*_Nonnull multiply_in_turn)(float *_Nonnull x, size_t n, const float *_Nonnull factors, size_t count);
} simile_kernel_table;

/// Instruction sets, in rising order: each has all of the lower ones. AMX has AVX512-BF16 and AVX512-VNNI too, which
/// AVX-512 alone may have or not.
typedef enum { SIMILE_BASELINE = 0, SIMILE_AVX2 = 1, SIMILE_AVX512 = 2, SIMILE_AMX = 3 } simile_instruction_set;

/// Whether this processor and its operating system support a set; AMX counts if its tiles, which this tries once, multiply as
/// they must.
int simile_has(simile_instruction_set set);
/// The best set they support.
simile_instruction_set simile_best_instruction_set(void);
/// Whether the processor has plain AVX, for choosing a BLAS core type.
int simile_has_avx(void);
/// The kernels of a set, or NULL when this processor cannot run them.
const simile_kernel_table *_Nullable simile_kernels(simile_instruction_set set);

/// Products of numbers rounded to bfloat16 (to nearest even; below the least normal number to 0), summed in float32 as the
/// set's instruction does; NULL when this processor has none in the set.
const simile_product_kernels *_Nullable simile_bfloat16_products(simile_instruction_set set);
/// The arithmetic of AVX512-BF16's vdpbf16ps in plain C, to the bit: of each pair the second first. Slow, for tests on any
/// processor.
extern const simile_product_kernels simile_bfloat16_products_emulated;
/// That of AMX's tdpbf16ps: of 32 numbers of k the first and the second of all pairs apart, then their sum.
extern const simile_product_kernels simile_bfloat16_tiles_emulated;

/// How a row of numbers is quantised to 0...255.
typedef struct {
    float scale;
    int32_t zero;  ///< what 0 becomes
} simile_int8_row;

/// Products of rows quantised to 8 bits when they come, each by its own scale, with weights that were quantised once, each
/// column by its own. Sums are exact.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    simile_panel_shape shape;
    /// The panels of from[m, k], of x / scale + zero to the nearest in 0...255; and what makes a row's least number (or 0) 0
    /// and its largest (or 0) 255.
    void (*_Nonnull pack_rows)(float *_Nonnull to, simile_int8_row *_Nonnull forms, const float *_Nonnull from,
                               size_t ld, size_t m, size_t k);
    /// c[m, n] = a b of panels, without the rows' zeros, times the scales of row and column, plus `bias` unless that is
    /// NULL. `column_sums` are those of b.
    void (*_Nonnull product)(float *_Nonnull c, size_t ldc, const float *_Nonnull a,
                             const simile_int8_row *_Nonnull forms, size_t m, const float *_Nonnull b,
                             const float *_Nonnull column_scales, const int32_t *_Nonnull column_sums, size_t n,
                             size_t k, const float *_Nullable bias);
} simile_int8_products;

/// Those of the set's instruction for four 8-bit products (AVX512-VNNI, AMX), or NULL when this processor has none in it.
const simile_int8_products *_Nullable simile_int8_products_of(simile_instruction_set set);
/// The same arithmetic in plain C, to the bit: slow, for tests on any processor.
extern const simile_int8_products simile_int8_products_emulated;
/// Panels of a shape of the columns of weights from[n, k], of numbers in -127...127 that times the `scales` of their columns
/// are nearest; and their `sums`: both for all columns of the panels, 0 beyond n.
void simile_int8_pack_weights(float *_Nonnull to, float *_Nonnull scales, int32_t *_Nonnull sums,
                              simile_panel_shape shape, const float *_Nonnull from, size_t n, size_t k);

#if defined(__x86_64__)
/// The kernels of AMX, whether or not this processor has it: for tests, which can stand in for its instructions.
extern const simile_product_kernels simile_bfloat16_products_amx;
extern const simile_int8_products simile_int8_products_amx;
/// Whether they multiply whole numbers, whose sums are exact, as they must.
int simile_amx_multiplies(void);
#endif

/// Floats of scratch that one attention task needs.
size_t simile_attention_scratch(size_t length, size_t d);
/// 64-bit mix of (key, counter), the source of every random number: SplitMix64's finaliser.
uint64_t simile_mix(uint64_t key, uint64_t counter);

/// Tells the processor that this is a loop that waits for another thread.
static inline void simile_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
