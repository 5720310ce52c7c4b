// Memory for variable-length strings while they are read, up to a limit in bytes: a small file can
// name the same long string any number of times. The blocks are chained and released together, so
// that none is lost if reading stops half-way.
#ifndef CHDF5_ALLOWANCE_H
#define CHDF5_ALLOWANCE_H

#include <hdf5.h>
#include <stdlib.h>

typedef struct chdf5_block { struct chdf5_block *next; } chdf5_block;
typedef struct { size_t remaining; chdf5_block *blocks; } chdf5_allowance;

static inline void *chdf5_allocate(size_t size, void *data) {
    chdf5_allowance *allowance = (chdf5_allowance *)data;
    if (size > allowance->remaining) return NULL;
    chdf5_block *block = (chdf5_block *)malloc(sizeof(chdf5_block) + size);
    if (!block) return NULL;
    allowance->remaining -= size;
    block->next = allowance->blocks;
    allowance->blocks = block;
    return block + 1;
}

static inline void chdf5_keep(void *memory, void *data) { (void)memory, (void)data; }

static inline herr_t chdf5_limit_strings(hid_t transfer, chdf5_allowance *allowance) {
    return H5Pset_vlen_mem_manager(transfer, chdf5_allocate, allowance, chdf5_keep, allowance);
}

static inline void chdf5_release_strings(chdf5_allowance *allowance) {
    while (allowance->blocks) {
        chdf5_block *block = allowance->blocks;
        allowance->blocks = block->next;
        free(block);
    }
}

#endif
