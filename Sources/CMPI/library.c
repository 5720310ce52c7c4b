// What all families have in common.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "CMPI.h"
#include "bfloat16.h"
#include "bfloat16_sum.h"

const char *simile_mpi_file_of(const void *address) {
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fname : NULL;
}

void simile_mpi_add_bfloat16(const void *in, void *inout, int count) {
    const uint16_t *a = in;
    uint16_t *sum = inout;
    for (int i = 0; i < count; i++)
        sum[i] = simile_to_bfloat16(simile_from_bfloat16(a[i]) + simile_from_bfloat16(sum[i]));
}
