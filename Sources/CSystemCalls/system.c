#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "CSystemCalls.h"

int simile_affinity_count(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

const char *simile_library_of(const void *address) {
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fname : NULL;
}

int simile_exchange(const char *a, const char *b) {
    return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

int simile_lock(int file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int status;
    do status = fcntl(file, F_OFD_SETLK, &whole);
    while (status < 0 && errno == EINTR);
    return status;
}

#ifndef SIMILE_COMMIT
#define SIMILE_COMMIT ""
#endif

const char *simile_commit(void) { return SIMILE_COMMIT; }
