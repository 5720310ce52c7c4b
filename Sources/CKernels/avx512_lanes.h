// What AVX-512 does better than the generic code of vector_kernels.h: partial vectors by masks, and a
// transpose in registers.

INLINE __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1); }

/// The first `left` < 16 floats, then zeros.
INLINE vec load_part(const float *p, size_t left) { return (vec)_mm512_maskz_loadu_ps(first_lanes(left), p); }

INLINE void store_part(float *p, vec x, size_t left) { _mm512_mask_storeu_ps(p, first_lanes(left), (__m512)x); }

/// The 16 x 16 transpose, in place: pairs, pairs of pairs, then quarters.
INLINE void transpose_16(__m512 *r) {
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

/// to[d, width] = from[length, d] transposed, zero beyond the length; width is a multiple of 16.
INLINE void transpose(float *to, size_t width, const float *from, size_t ld, size_t length, size_t d) {
    // Fetched ahead, since sixteen rows are too many for the processor to foresee: floats of a row, and rows of `to`.
    const size_t distance = 64, rows_ahead = 32;
    for (size_t first = 0; first < width; first += 16) {
        const float *rows = from + first * ld;
        size_t count = length < first ? 0 : length - first;
        for (size_t c = 0; c < d; c += 16) {
            __mmask16 columns = first_lanes(d - c);
            const float *ahead = c + distance < d ? rows + c + distance : rows + 16 * ld + (c + distance - d);
            float *out = to + c * width + first;
            __m512 r[16];
#pragma unroll
            for (size_t i = 0; i < 16; i++) {
                _mm_prefetch(ahead + i * ld, _MM_HINT_T0);
                __builtin_prefetch(out + (rows_ahead + i) * width, 1);
                r[i] = _mm512_maskz_loadu_ps(i < count ? columns : 0, rows + i * ld + c);
            }
            transpose_16(r);
            if (c + 16 <= d) {
#pragma unroll
                for (size_t i = 0; i < 16; i++) _mm512_storeu_ps(out + i * width, r[i]);
            } else {
                for (size_t i = 0; c + i < d; i++) _mm512_storeu_ps(out + i * width, r[i]);
            }
        }
    }
}
