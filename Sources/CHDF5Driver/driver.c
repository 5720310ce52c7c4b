#include "CHDF5Driver.h"

#include <errno.h>
#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Structure that could not be written: the library may ask for it again before it lets go of the file.
typedef struct patch {
    struct patch *next;
    haddr_t address;
    size_t size;
    char bytes[];
} patch;

typedef struct {
    H5FD_t base;
    chdf5_output *output;
    haddr_t addresses;  // the end of what the library has given out
    haddr_t end;        // the end of what was written
    patch *first, *last;
} output_file;

typedef struct {
    chdf5_output *output;
} output_info;

// System calls take no more at once on some systems.
static const size_t piece = 1 << 30;

static H5FD_t *open_output(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)name, (void)flags, (void)most;
    const output_info *info = H5Pget_driver_info(access);
    if (!info) return NULL;
    output_file *file = calloc(1, sizeof *file);
    if (!file) return NULL;
    file->output = info->output;
    return &file->base;
}

static herr_t close_output(H5FD_t *base) {
    output_file *file = (output_file *)base;
    for (patch *next; file->first; file->first = next) {
        next = file->first->next;
        free(file->first);
    }
    free(file);
    return 0;
}

// What HDF5's own driver of files says, so that files have the same bytes.
static herr_t query_output(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    if (flags)
        *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE
               | H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t end_of_addresses(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const output_file *)base)->addresses;
}

static herr_t set_end_of_addresses(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((output_file *)base)->addresses = address;
    return 0;
}

static haddr_t end_of_file(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const output_file *)base)->end;
}

static herr_t read_output(H5FD_t *base, H5FD_mem_t type, hid_t list, haddr_t address, size_t size, void *buffer) {
    (void)type, (void)list;
    output_file *file = (output_file *)base;
    size_t done = 0;
    while (done < size) {
        size_t rest = size - done;
        ssize_t count = pread(file->output->descriptor, (char *)buffer + done, rest < piece ? rest : piece,
                              (off_t)(address + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && file->output->error == 0) {
            file->output->error = errno;
            return -1;
        }
        if (count <= 0) break;
        done += (size_t)count;
    }
    // What was not written yet is zero.
    memset((char *)buffer + done, 0, size - done);
    for (const patch *part = file->first; part; part = part->next) {
        haddr_t start = part->address > address ? part->address : address;
        haddr_t end = part->address + part->size < address + size ? part->address + part->size : address + size;
        if (start < end)
            memcpy((char *)buffer + (start - address), part->bytes + (start - part->address), (size_t)(end - start));
    }
    return 0;
}

static void keep(output_file *file, haddr_t address, size_t size, const void *buffer) {
    patch *part = malloc(sizeof *part + size);
    if (!part) return;
    *part = (patch){.address = address, .size = size};
    memcpy(part->bytes, buffer, size);
    if (file->last) file->last->next = part;
    else file->first = part;
    file->last = part;
}

static herr_t write_output(H5FD_t *base, H5FD_mem_t type, hid_t list, haddr_t address, size_t size,
                           const void *buffer) {
    (void)list;
    output_file *file = (output_file *)base;
    size_t done = 0;
    while (done < size && file->output->error == 0) {
        size_t rest = size - done;
        ssize_t count = pwrite(file->output->descriptor, (const char *)buffer + done, rest < piece ? rest : piece,
                               (off_t)(address + done));
        if (count < 0 && errno == EINTR) continue;
        if (count > 0) done += (size_t)count;
        else file->output->error = count < 0 ? errno : EIO;
    }
    if (file->output->error != 0 && type != H5FD_MEM_DRAW) keep(file, address, size, buffer);
    if (address + size > file->end) file->end = address + size;
    return 0;
}

static herr_t truncate_output(H5FD_t *base, hid_t list, hbool_t closing) {
    (void)list, (void)closing;
    output_file *file = (output_file *)base;
    if (file->end == file->addresses) return 0;
    int status = 0;
    if (file->output->error == 0)
        do status = ftruncate(file->output->descriptor, (off_t)file->addresses);
        while (status < 0 && errno == EINTR);
    if (status < 0) file->output->error = errno;
    file->end = file->addresses;
    return 0;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600,
#endif
    .name = "simile_output",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(output_info),
    .open = open_output,
    .close = close_output,
    .query = query_output,
    .get_eoa = end_of_addresses,
    .set_eoa = set_end_of_addresses,
    .get_eof = end_of_file,
    .read = read_output,
    .write = write_output,
    .truncate = truncate_output,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

int64_t chdf5_output_driver(void) {
    static hid_t driver = -1;
    if (driver < 0) driver = H5FDregister(&driver_class);
    return driver;
}

int chdf5_set_output(int64_t access_list, chdf5_output *output) {
    hid_t driver = chdf5_output_driver();
    output_info info = {output};
    return driver < 0 ? -1 : H5Pset_driver(access_list, driver, &info);
}
