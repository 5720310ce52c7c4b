// Rows of floats to words of two bfloat16 numbers with AVX-512.
#include "../avx512_lanes.h"

/// The first `count` numbers of a row, or zeros for count 0, as a vector of floats.
INLINE __m512 load_row(const float *p, size_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), p); }

/// Words (low, high), number by number.
INLINE __m512i pairs_of(__m512 low, __m512 high) {
    __m512i lows = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
    __m512i highs = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
    return _mm512_or_si512(lows, _mm512_slli_epi32(highs, 16));
}

/// A panel to[words, width] from rows of k: from[count, k], count <= width.
INLINE void pack_transposed(float *to, size_t words, size_t width, const float *from, size_t ld, size_t count,
                            size_t k) {
    const size_t distance = 64;  // numbers fetched ahead in each row: 16 rows are more than the processor foresees
    for (size_t first = 0; first < width; first += 16) {
        const float *rows = from + first * ld;
        size_t left = count < first ? 0 : count - first;
        for (size_t c = 0; c < k; c += 32) {
            float *out = to + c / 2 * width + first;
            size_t low = k - c, high = k - c > 16 ? k - c - 16 : 0, words_left = words - c / 2;
            __m512 r[16];
#pragma unroll
            for (size_t i = 0; i < 16; i++) {
                const float *row = rows + i * ld + c;
                _mm_prefetch(row + distance, _MM_HINT_T0);
                _mm_prefetch(row + distance + 16, _MM_HINT_T0);
                __m512 a = load_row(row, i < left ? low : 0), b = load_row(row + 16, i < left ? high : 0);
                r[i] = (__m512)_mm512_cvtne2ps_pbh(b, a);
            }
            transpose_16(r);
            if (words_left >= 16) {
#pragma unroll
                for (size_t i = 0; i < 16; i++) _mm512_storeu_ps(out + i * width, r[i]);
            } else {
                // Unrolled too, so that r stays in registers.
#pragma unroll
                for (size_t i = 0; i < 15; i++)
                    if (i < words_left) _mm512_storeu_ps(out + i * width, r[i]);
            }
        }
    }
}

/// Panels of `step` of the `count` columns of from[k, count] or, transposed, from[count, k]: each is to[words, width], with
/// zeros beyond its columns and beyond k.
INLINE void pack_words(float *to, size_t words, size_t width, size_t step, const float *from, size_t ld, size_t count,
                       size_t k, int transposed) {
    if (count == 0) return;
    if (transposed) {
        for (size_t first = 0; first < count; first += step, to += width * words)
            pack_transposed(to, words, width, from + first * ld, ld, count - first < step ? count - first : step, k);
        return;
    }
    // Along whole rows, as they lie in memory. But panels lie apart by a power of two, so that the same word of many panels
    // goes to a few sets of the cache: with more than 256 columns, 16 words of one panel are written before those of the next.
    const int is_wide = count > 256;
    const size_t together = is_wide ? 16 : 1;
    const size_t distance = is_wide ? 64 : (1536 + count - 1) / count * ld;  // some hundred cache lines
    for (size_t next = 0; next < words; next += together, from += 2 * together * ld) {
        size_t end = words - next < together ? words - next : together;
        float *out = to + next * width;
        for (size_t first = 0; first < count; first += step, out += width * words) {
            size_t columns = count - first < step ? count - first : step;
            for (size_t p = 0; p < end; p++) {
                size_t rows_left = 2 * (next + p) < k ? k - 2 * (next + p) : 0;
                for (size_t i = 0; i < width; i += 16) {
                    const float *low = from + 2 * p * ld + first + i, *high = low + ld;
                    size_t left = columns > i ? columns - i : 0;
                    _mm_prefetch(low + distance, _MM_HINT_T0);
                    _mm_prefetch(high + distance, _MM_HINT_T0);
                    _mm512_storeu_si512(out + p * width + i, pairs_of(load_row(low, rows_left > 0 ? left : 0),
                                                                      load_row(high, rows_left > 1 ? left : 0)));
                }
            }
        }
    }
}
