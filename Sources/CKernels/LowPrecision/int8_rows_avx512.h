// Rows of numbers quantised to bytes with AVX-512.
#include "../avx512_lanes.h"

/// The form of a row, and what its numbers are multiplied with.
INLINE simile_int8_row form_of(const float *x, size_t k, float *inverse) {
    __m512 least = _mm512_setzero_ps(), most = _mm512_setzero_ps();
    for (size_t p = 0; p < k; p += 16) {
        __m512 numbers = _mm512_maskz_loadu_ps(first_lanes(k - p), x + p);
        least = _mm512_min_ps(least, numbers);
        most = _mm512_max_ps(most, numbers);
    }
    float low = _mm512_reduce_min_ps(least), range = _mm512_reduce_max_ps(most) - low;
    *inverse = steps_in(255, range);
    return (simile_int8_row){range / 255, *inverse > 0 ? _mm_cvtss_si32(_mm_set_ss(-low * *inverse)) : 0};
}

/// 64 numbers of a row, of which `left` exist and the others are 0, as bytes.
INLINE __m512i bytes_of(const float *x, size_t left, __m512 inverse, __m512i zero) {
    __m512i bytes = _mm512_setzero_si512();
#pragma unroll
    for (int part = 0; part < 4; part++) {
        size_t rest = left > 16u * part ? left - 16 * part : 0;
        __m512 numbers = _mm512_maskz_loadu_ps(first_lanes(rest), x + 16 * part);
        __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(numbers, inverse)), zero);
        __m128i quarter = _mm512_cvtusepi32_epi8(_mm512_max_epi32(whole, _mm512_setzero_si512()));
        bytes = _mm512_inserti32x4(bytes, quarter, 0);
        // The next quarter goes to the bottom: after four turns each is in its place.
        bytes = _mm512_shuffle_i32x4(bytes, bytes, 0x39);
    }
    return bytes;
}
