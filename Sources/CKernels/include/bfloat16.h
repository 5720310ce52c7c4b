#pragma once
#include <stdint.h>
#include <string.h>

/// The bfloat16 number nearest to a float, of two the even one; a NaN stays one.
static inline uint16_t simile_to_bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    // A NaN keeps its upper bits, of which one is set: rounding could carry it into an infinity.
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)(value == value ? rounded : (bits >> 16 | 0x40));
}

/// The float that a bfloat16 number is.
static inline float simile_from_bfloat16(uint16_t number) {
    uint32_t bits = (uint32_t)number << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
