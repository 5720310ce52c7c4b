// Reads a file in a child process first, as the HDF5 library crashes or loops on some damaged files.
//
// The child does what a reader of the whole file would do, in the same order of calls, and throws
// the result away; whatever becomes of it, this process learns only how it ended. It runs C code
// only, which is all that may run after fork() in a process with threads.
#ifndef CHDF5_REHEARSAL_H
#define CHDF5_REHEARSAL_H

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "links.h"

enum { chdf5_deepest = 64, chdf5_most_groups = 1 << 16 };

// What cannot be read: variable-length strings within the limits on memory, or a list of
// attributes, after which the library releases memory that it never filled in.
enum { chdf5_unreadable_strings = 1, chdf5_unreadable_attributes = 2 };

// How the rehearsal went, in memory that both processes see.
typedef struct {
    int finished;      // 1 when the child came to the end
    int unreadable;    // or what it found that is not to be tried again, from the list above
    int signal;        // or what ended it, if known, else 0
    char object[1024]; // the object, or object@attribute, being read at the end
} chdf5_outcome;

typedef struct {
    chdf5_outcome *outcome;
    hid_t link_access;
    hsize_t file_size;
    unsigned version;    // of the superblock; from 3 on, all structure is checksummed
    size_t path_length;  // of the part of outcome->object that names the object now open
    haddr_t *visited;    // the groups seen, as links may go round in circles
    size_t visited_count;
    int depth;
} chdf5_rehearsal;

// Lets the child allocate `bytes` more, for now.
static inline void chdf5_limit_memory(hsize_t bytes) {
    unsigned long long pages = 0;
    char text[64] = {0};
    struct rlimit limit;
    int statm = open("/proc/self/statm", O_RDONLY);
    if (statm < 0) return;
    if (read(statm, text, sizeof text - 1) > 0) pages = strtoull(text, NULL, 10);
    close(statm);
    if (pages == 0 || getrlimit(RLIMIT_AS, &limit) != 0) return;
    limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
    if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_AS, &limit);
}

// Strings get little, as a lie about a length makes the library ask for any amount; the rest gets
// what decompression may need.
static inline void chdf5_limit_for(chdf5_rehearsal *r, int is_variable) {
    chdf5_limit_memory(((hsize_t)(is_variable ? 64 : 1024) << 20) + 4 * r->file_size);
}

static inline void chdf5_give_up(chdf5_rehearsal *r, int unreadable) {
    r->outcome->unreadable = unreadable;
    _exit(0);
}

static inline size_t chdf5_note(chdf5_rehearsal *r, char separator, const char *name) {
    size_t length = r->path_length, room = sizeof r->outcome->object;
    int added = snprintf(r->outcome->object + length, room - length, "%c%s", separator, name);
    size_t end = length + (added > 0 ? (size_t)added : 0);
    return end < room ? end : room - 1;
}

static inline int chdf5_is_variable(hid_t type) {
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
}

static inline hid_t chdf5_memory_type(hid_t type) {
    if (!chdf5_is_variable(type)) return H5Tcopy(type);
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    return memory;
}

static inline int chdf5_is_readable(hid_t type) {
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_STRING || class == H5T_ENUM;
}

static inline void chdf5_rehearse_attribute(chdf5_rehearsal *r, hid_t attribute) {
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    if (type >= 0 && chdf5_is_readable(type) && count > 0 && size > 0
        && (hsize_t)count <= r->file_size / size) {
        hid_t memory = chdf5_memory_type(type);
        chdf5_limit_for(r, chdf5_is_variable(type));
        void *values = calloc((size_t)count, H5Tget_size(memory));
        herr_t status = values ? H5Aread(attribute, memory, values) : -1;
        if (status < 0 && chdf5_is_variable(type)) chdf5_give_up(r, chdf5_unreadable_strings);
        if (status >= 0 && chdf5_is_variable(type)) {
            for (hssize_t i = 0; i < count; i++) {
                const char *text = ((char **)values)[i];
                if (text) (void)*(volatile const char *)(text + strlen(text));
            }
            H5Dvlen_reclaim(memory, space, H5P_DEFAULT, values);
        }
        free(values);
        H5Tclose(memory);
    }
    H5Sclose(space);
    H5Tclose(type);
}

static inline herr_t chdf5_visit_attribute(
    hid_t object, const char *name, const H5A_info_t *info, void *data) {
    (void)info;
    chdf5_rehearsal *r = (chdf5_rehearsal *)data;
    chdf5_note(r, '@', name);
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute >= 0) {
        chdf5_rehearse_attribute(r, attribute);
        H5Aclose(attribute);
    }
    r->outcome->object[r->path_length] = 0;
    return 0;
}

static inline void chdf5_rehearse_attributes(chdf5_rehearsal *r, hid_t object) {
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, chdf5_visit_attribute, r) < 0)
        chdf5_give_up(r, chdf5_unreadable_attributes);
}

// Reads a dataset of rank 1 or more, `rows` rows at a time.
static inline void chdf5_rehearse_rows(
    chdf5_rehearsal *r, hid_t dataset, hid_t type, hid_t space, int rank, const hsize_t *extents,
    hsize_t rows) {
    hsize_t start[H5S_MAX_RANK] = {0}, block[H5S_MAX_RANK], elements = 1;
    for (int axis = 0; axis < rank; axis++) block[axis] = extents[axis];
    block[0] = rows < extents[0] ? rows : extents[0];
    for (int axis = 0; axis < rank; axis++) elements *= block[axis];
    hid_t memory = chdf5_memory_type(type);
    void *values = calloc((size_t)elements, H5Tget_size(memory));
    for (; values && start[0] < extents[0]; start[0] += block[0]) {
        if (block[0] > extents[0] - start[0]) {
            block[0] = extents[0] - start[0];
            elements = block[0];
            for (int axis = 1; axis < rank; axis++) elements *= block[axis];
        }
        hid_t selected = H5Screate_simple(1, &elements, NULL);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, block, NULL);
        herr_t status = H5Dread(dataset, memory, selected, space, H5P_DEFAULT, values);
        if (chdf5_is_variable(type)) {
            if (status < 0) chdf5_give_up(r, chdf5_unreadable_strings);
            H5Dvlen_reclaim(memory, selected, H5P_DEFAULT, values);
        }
        H5Sclose(selected);
        if (status < 0) break;
    }
    free(values);
    H5Tclose(memory);
}

// Contiguous numbers need no rehearsal, being copied as they are; nor do pieces with a checksum, if
// the index of the pieces has one as well.
static inline int chdf5_needs_reading(chdf5_rehearsal *r, hid_t creation, hid_t type) {
    if (!chdf5_is_readable(type)) return 0;
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_COMPACT) return 1;
    if (layout == H5D_CONTIGUOUS)
        return chdf5_is_variable(type) && H5Pget_external_count(creation) == 0;
    if (layout != H5D_CHUNKED) return 0;
    int is_checksummed = 0;
    for (int index = 0; index < H5Pget_nfilters(creation); index++) {
        unsigned flags, configuration;
        size_t parameters = 0;
        H5Z_filter_t filter = H5Pget_filter2(
            creation, (unsigned)index, &flags, &parameters, NULL, 0, NULL, &configuration);
        if (filter == H5Z_FILTER_FLETCHER32) is_checksummed = 1;
        else if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE) return 0;
    }
    return chdf5_is_variable(type) || r->version < 3 || !is_checksummed;
}

static inline void chdf5_rehearse_dataset(chdf5_rehearsal *r, hid_t dataset) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hid_t creation = H5Dget_create_plist(dataset);
    hsize_t extents[H5S_MAX_RANK] = {1}, chunk[H5S_MAX_RANK], pieces = 0;
    int rank = H5Sget_simple_extent_ndims(space);
    size_t size = H5Tget_size(type);
    hsize_t stored = H5Dget_storage_size(dataset);
    if (rank < 0 || rank > H5S_MAX_RANK || size == 0 || creation < 0) goto done;
    H5Sget_simple_extent_dims(space, extents, NULL);
    if (!chdf5_needs_reading(r, creation, type) || stored == 0 || stored > r->file_size) goto done;
    chdf5_limit_for(r, chdf5_is_variable(type));
    if (rank == 0) {
        hid_t memory = chdf5_memory_type(type);
        void *value = size <= r->file_size ? calloc(1, H5Tget_size(memory)) : NULL;
        herr_t status = value ? H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) : -1;
        if (status < 0 && chdf5_is_variable(type)) chdf5_give_up(r, chdf5_unreadable_strings);
        free(value);
        H5Tclose(memory);
        goto done;
    }
    // Sizes that cannot be true are left for the reader to complain about.
    hsize_t limit = stored > UINT64_MAX / 1032 ? UINT64_MAX : stored * 1032;
    hsize_t row = size, rows = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
        if (extents[axis] == 0 || extents[axis] > limit / row) goto done;
        if (axis > 0) row *= extents[axis];
    }
    if (H5Pget_layout(creation) == H5D_CHUNKED) {
        hsize_t chunk_bytes = size;
        if (H5Pget_chunk(creation, H5S_MAX_RANK, chunk) != rank) goto done;
        for (int axis = 0; axis < rank; axis++) {
            if (chunk[axis] == 0 || chunk[axis] > limit / chunk_bytes) goto done;
            chunk_bytes *= chunk[axis];
        }
        if (H5Dget_num_chunks(dataset, space, &pieces) < 0) goto done;
        rows = chunk[0];
    }
    if (rows * row < 1 << 20) rows = (1 << 20) / row + 1;
    chdf5_rehearse_rows(r, dataset, type, space, rank, extents, rows);
done:
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static inline void chdf5_rehearse_group(chdf5_rehearsal *r, hid_t group);

static inline herr_t chdf5_visit_link(
    hid_t group, const char *name, const H5L_info_t *info, void *data) {
    (void)info;
    chdf5_rehearsal *r = (chdf5_rehearsal *)data;
    size_t length = r->path_length;
    r->path_length = chdf5_note(r, '/', name);
    hid_t object = H5Oopen(group, name, r->link_access);
    if (object >= 0) {
        if (H5Iget_type(object) == H5I_GROUP) chdf5_rehearse_group(r, object);
        if (H5Iget_type(object) == H5I_DATASET) chdf5_rehearse_dataset(r, object);
        chdf5_rehearse_attributes(r, object);
        H5Oclose(object);
    }
    r->path_length = length;
    r->outcome->object[length] = 0;
    return 0;
}

static inline void chdf5_rehearse_group(chdf5_rehearsal *r, hid_t group) {
    H5O_info_t info;
    if (r->depth >= chdf5_deepest || r->visited_count >= chdf5_most_groups) return;
    if (H5Oget_info2(group, &info, H5O_INFO_BASIC) < 0) return;
    for (size_t i = 0; i < r->visited_count; i++)
        if (r->visited[i] == info.addr) return;
    r->visited[r->visited_count++] = info.addr;
    hid_t creation = H5Gget_create_plist(group);
    unsigned order = 0;
    H5Pget_link_creation_order(creation, &order);
    H5Pclose(creation);
    r->depth++;
    H5Literate(
        group, order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC,
        NULL, chdf5_visit_link, r);
    r->depth--;
}

// What the child does.
static inline void chdf5_rehearse_file(const char *path, chdf5_outcome *outcome, hsize_t size) {
    H5F_info2_t info;
    chdf5_rehearsal r = {.outcome = outcome, .file_size = size};
    r.visited = (haddr_t *)calloc(chdf5_most_groups, sizeof(haddr_t));
    r.link_access = H5Pcreate(H5P_LINK_ACCESS);
    chdf5_refuse_external_links(r.link_access);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = r.visited ? H5Fopen(path, H5F_ACC_RDONLY, access) : -1;
    if (file < 0 || H5Fget_info2(file, &info) < 0) return;
    r.version = info.super.version;
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0) return;
    chdf5_rehearse_attributes(&r, root);
    chdf5_rehearse_group(&r, root);
    H5Gclose(root);
    H5Fclose(file);
}

// Limits the child's time to more than even a slow machine needs, and silences it.
static inline void chdf5_confine(hsize_t file_size) {
    struct rlimit core = {0, 0}, time;
    time.rlim_cur = time.rlim_max = 5 + file_size / (8 << 20);
    setrlimit(RLIMIT_CORE, &core);
    setrlimit(RLIMIT_CPU, &time);
    alarm((unsigned)(120 + file_size / (1 << 20)));
    const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM, SIGTERM,
                           SIGINT, SIGTRAP};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Errors that depend on what memory happened to hold show here, rather than later.
    H5garbage_collect();
    H5set_free_list_limits(0, 0, 0, 0, 0, 0);
    mallopt(M_PERTURB, 0x55);
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

// Rehearses reading `path`. Returns 0 if that could not be tried, else 1 with the outcome.
static inline int chdf5_rehearse(const char *path, chdf5_outcome *result) {
    struct stat status;
    int ending = 0;
    if (stat(path, &status) != 0) return 0;
    chdf5_outcome *shared = (chdf5_outcome *)mmap(
        NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 0;
    H5open();
    pid_t child = fork();
    if (child == 0) {
        chdf5_confine((hsize_t)status.st_size);
        chdf5_rehearse_file(path, shared, (hsize_t)status.st_size);
        shared->finished = 1;
        _exit(0);
    }
    if (child > 0) {
        while (waitpid(child, &ending, 0) < 0 && errno == EINTR) continue;
        *result = *shared;
        result->object[sizeof result->object - 1] = 0;
        result->signal = WIFSIGNALED(ending) ? WTERMSIG(ending) : 0;
    }
    munmap(shared, sizeof *shared);
    return child > 0;
}

#endif
