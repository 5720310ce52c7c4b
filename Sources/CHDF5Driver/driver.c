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
    chdf5_file *file;
    haddr_t addresses;  // the end of what the library has given out
    haddr_t end;        // the end of what is there
    patch *first, *last;
} driven_file;

typedef struct {
    chdf5_file *file;
} driver_info;

// System calls take no more at once on some systems.
static const size_t piece = 1 << 30;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)name, (void)flags, (void)most;
    const driver_info *info = H5Pget_driver_info(access);
    if (!info) return NULL;
    off_t end = lseek(info->file->descriptor, 0, SEEK_END);
    driven_file *driven = end < 0 ? NULL : calloc(1, sizeof *driven);
    if (!driven) return NULL;
    driven->file = info->file;
    driven->end = (haddr_t)end;
    return &driven->base;
}

static herr_t driver_close(H5FD_t *base) {
    driven_file *driven = (driven_file *)base;
    for (patch *next; driven->first; driven->first = next) {
        next = driven->first->next;
        free(driven->first);
    }
    free(driven);
    return 0;
}

// What HDF5's own driver of files says, so that files have the same bytes.
static herr_t driver_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    if (flags)
        *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE
               | H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_SUPPORTS_SWMR_IO | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t driver_addresses(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const driven_file *)base)->addresses;
}

static herr_t driver_set_addresses(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((driven_file *)base)->addresses = address;
    return 0;
}

static haddr_t driver_end(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const driven_file *)base)->end;
}

static herr_t driver_read(H5FD_t *base, H5FD_mem_t type, hid_t list, haddr_t address, size_t size, void *buffer) {
    (void)type, (void)list;
    driven_file *driven = (driven_file *)base;
    size_t done = 0;
    while (done < size) {
        size_t rest = size - done;
        ssize_t count = pread(driven->file->descriptor, (char *)buffer + done, rest < piece ? rest : piece,
                              (off_t)(address + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            if (driven->file->error == 0) driven->file->error = errno;
            return -1;
        }
        if (count == 0) break;
        done += (size_t)count;
    }
    // What was not written yet is zero.
    memset((char *)buffer + done, 0, size - done);
    for (const patch *part = driven->first; part; part = part->next) {
        haddr_t start = part->address > address ? part->address : address;
        haddr_t end = part->address + part->size < address + size ? part->address + part->size : address + size;
        if (start < end)
            memcpy((char *)buffer + (start - address), part->bytes + (start - part->address), (size_t)(end - start));
    }
    return 0;
}

static void keep(driven_file *driven, haddr_t address, size_t size, const void *buffer) {
    patch *part = malloc(sizeof *part + size);
    if (!part) return;
    *part = (patch){.address = address, .size = size};
    memcpy(part->bytes, buffer, size);
    if (driven->last) driven->last->next = part;
    else driven->first = part;
    driven->last = part;
}

static herr_t driver_write(H5FD_t *base, H5FD_mem_t type, hid_t list, haddr_t address, size_t size,
                           const void *buffer) {
    (void)list;
    driven_file *driven = (driven_file *)base;
    size_t done = 0;
    while (done < size && driven->file->error == 0) {
        size_t rest = size - done;
        ssize_t count = pwrite(driven->file->descriptor, (const char *)buffer + done, rest < piece ? rest : piece,
                               (off_t)(address + done));
        if (count < 0 && errno == EINTR) continue;
        if (count > 0) done += (size_t)count;
        else driven->file->error = count < 0 ? errno : EIO;
    }
    if (driven->file->error != 0 && type != H5FD_MEM_DRAW) keep(driven, address, size, buffer);
    if (address + size > driven->end) driven->end = address + size;
    return 0;
}

static herr_t driver_truncate(H5FD_t *base, hid_t list, hbool_t closing) {
    (void)list, (void)closing;
    driven_file *driven = (driven_file *)base;
    if (driven->end == driven->addresses) return 0;
    int status = 0;
    if (driven->file->error == 0)
        do status = ftruncate(driven->file->descriptor, (off_t)driven->addresses);
        while (status < 0 && errno == EINTR);
    if (status < 0) driven->file->error = errno;
    driven->end = driven->addresses;
    return 0;
}

// Nobody is kept out; but only for a driver that can does the library mark a file that is being written.
static herr_t driver_lock(H5FD_t *base, hbool_t for_writing) {
    (void)base, (void)for_writing;
    return 0;
}

static herr_t driver_unlock(H5FD_t *base) {
    (void)base;
    return 0;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600,
#endif
    .name = "simile",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(driver_info),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_addresses,
    .set_eoa = driver_set_addresses,
    .get_eof = driver_end,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .lock = driver_lock,
    .unlock = driver_unlock,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

int chdf5_set_file(int64_t access_list, chdf5_file *file) {
    static hid_t driver = -1;
    if (driver < 0) driver = H5FDregister(&driver_class);
    driver_info info = {file};
    return driver < 0 ? -1 : H5Pset_driver(access_list, driver, &info);
}
