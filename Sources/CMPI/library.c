// What all families have in common.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "CMPI.h"
#include "bfloat16_sum.h"

const char *simile_mpi_file_of(const void *address) {
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fname : NULL;
}

static inline float widened(uint16_t number) {
    uint32_t bits = (uint32_t)number << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    // A NaN keeps its upper bits, of which one is set: rounding could carry it into an infinity.
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)(value == value ? rounded : (bits >> 16 | 0x40));
}

void simile_mpi_narrow(const float *from, uint16_t *to, long count) {
    for (long i = 0; i < count; i++) to[i] = narrowed(from[i]);
}

void simile_mpi_widen(const uint16_t *from, float *to, long count) {
    for (long i = 0; i < count; i++) to[i] = widened(from[i]);
}

void simile_mpi_add_bfloat16(const void *in, void *inout, int count) {
    const uint16_t *a = in;
    uint16_t *sum = inout;
    for (int i = 0; i < count; i++) sum[i] = narrowed(widened(a[i]) + widened(sum[i]));
}
