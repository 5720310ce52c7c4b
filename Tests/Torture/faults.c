// Goes before the C library's functions and makes one system call on the files of a folder fail, or ends the process at
// it. By the environment:
//   FAULT_ROOT  the folder, as the start of paths
//   FAULT_LOG   a file that gets a line for each call there: its number, kind and path
//   FAULT_CALL  the number of the call that fails
//   FAULT_KIND  how: the name of an error; SHORT, half of what is asked for; DEATH, the end of the process before the
//               call; HALFDEATH, in the middle of a write; AFTERDEATH, after the call
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { NOTHING, ERROR, SHORT, DEATH, HALFDEATH, AFTERDEATH };

static const struct {
    const char *name;
    int number;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EACCES", EACCES}, {"EMFILE", EMFILE},
              {"EDQUOT", EDQUOT}, {"EROFS", EROFS},   {"ENOMEM", ENOMEM}, {"ENOLCK", ENOLCK}};

static atomic_long calls;
static long wanted = -1;
static int kind, number, log_file = -1;
static pid_t process;
static const char *root;

__attribute__((constructor)) static void begin(void) {
    process = getpid();
    root = getenv("FAULT_ROOT");
    const char *text = getenv("FAULT_CALL");
    if (text) wanted = atol(text);
    const char *name = getenv("FAULT_KIND");
    for (size_t i = 0; name && i < sizeof errors / sizeof *errors; i++)
        if (!strcmp(name, errors[i].name)) kind = ERROR, number = errors[i].number;
    if (name && !strcmp(name, "SHORT")) kind = SHORT;
    if (name && !strcmp(name, "DEATH")) kind = DEATH;
    if (name && !strcmp(name, "HALFDEATH")) kind = HALFDEATH;
    if (name && !strcmp(name, "AFTERDEATH")) kind = AFTERDEATH;
    const char *log = getenv("FAULT_LOG");
    if (!log) return;
    int low = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    log_file = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, low);
}

// What is to happen at a call on an open file, or on a path: one of the kinds.
static int meet(const char *name, int file, const char *path) {
    if (!root || getpid() != process) return NOTHING;
    char link[64], place[4096] = "";
    if (!path) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        long length = syscall(SYS_readlinkat, AT_FDCWD, link, place, sizeof place - 1);
        place[length > 0 ? length : 0] = 0;
        path = place;
    }
    if (strncmp(path, root, strlen(root))) return NOTHING;
    long call = ++calls;
    if (log_file >= 0) {
        char line[4200];
        int length = snprintf(line, sizeof line, "%ld %s %s\n", call, name, path);
        syscall(SYS_write, log_file, line, (size_t)length);
    }
    if (call != wanted) return NOTHING;
    if (kind == DEATH) syscall(SYS_exit_group, 99);
    if (kind == ERROR) errno = number;
    return kind;
}

#define REAL(result, name, ...)                     \
    static result (*real)(__VA_ARGS__);             \
    if (!real) real = dlsym(RTLD_NEXT, #name)
#define END(value)                                               \
    do {                                                         \
        if (fault == AFTERDEATH) syscall(SYS_exit_group, 99);    \
        return value;                                            \
    } while (0)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, write, int, const void *, size_t);
    int fault = file > 2 ? meet("write", file, NULL) : NOTHING;
    if (fault == ERROR) return -1;
    if ((fault == SHORT || fault == HALFDEATH) && count > 1) count /= 2;
    ssize_t written = real(file, bytes, count);
    if (fault == HALFDEATH) syscall(SYS_exit_group, 99);
    END(written);
}

#define PWRITE(name)                                                          \
    ssize_t name(int file, const void *bytes, size_t count, off_t place) {    \
        REAL(ssize_t, name, int, const void *, size_t, off_t);                \
        int fault = meet("pwrite", file, NULL);                               \
        if (fault == ERROR) return -1;                                        \
        if ((fault == SHORT || fault == HALFDEATH) && count > 1) count /= 2;  \
        ssize_t written = real(file, bytes, count, place);                    \
        if (fault == HALFDEATH) syscall(SYS_exit_group, 99);                  \
        END(written);                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t read(int file, void *bytes, size_t count) {
    REAL(ssize_t, read, int, void *, size_t);
    int fault = file > 2 ? meet("read", file, NULL) : NOTHING;
    if (fault == ERROR) return -1;
    if (fault == SHORT && count > 1) count /= 2;
    ssize_t length = real(file, bytes, count);
    END(length);
}

#define PREAD(name)                                                     \
    ssize_t name(int file, void *bytes, size_t count, off_t place) {    \
        REAL(ssize_t, name, int, void *, size_t, off_t);                \
        int fault = meet("pread", file, NULL);                          \
        if (fault == ERROR) return -1;                                  \
        if (fault == SHORT && count > 1) count /= 2;                    \
        ssize_t length = real(file, bytes, count, place);               \
        END(length);                                                    \
    }
PREAD(pread)
PREAD(pread64)

#define ON_FILE(name, word)                          \
    int name(int file) {                             \
        REAL(int, name, int);                        \
        int fault = meet(word, file, NULL);          \
        if (fault == ERROR) return -1;               \
        int status = real(file);                     \
        END(status);                                 \
    }
ON_FILE(fsync, "fsync")
ON_FILE(fdatasync, "fsync")

// Fails after it has closed, as it does on Linux.
int close(int file) {
    REAL(int, close, int);
    int fault = meet("close", file, NULL);
    int error = errno, status = real(file);
    if (fault == ERROR) {
        errno = error;
        return -1;
    }
    END(status);
}

#define TRUNCATE(name)                                \
    int name(int file, off_t length) {                \
        REAL(int, name, int, off_t);                  \
        int fault = meet("ftruncate", file, NULL);    \
        if (fault == ERROR) return -1;                \
        int status = real(file, length);              \
        END(status);                                  \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int rename(const char *old, const char *new) {
    REAL(int, rename, const char *, const char *);
    int fault = meet("rename", -1, new);
    if (fault == ERROR) return -1;
    int status = real(old, new);
    END(status);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    int fault = meet("rename", -1, new);
    if (fault == ERROR) return -1;
    int status = real(from, old, to, new, flags);
    END(status);
}

#define ON_PATH(name, word)                      \
    int name(const char *path) {                 \
        REAL(int, name, const char *);           \
        int fault = meet(word, -1, path);        \
        if (fault == ERROR) return -1;           \
        int status = real(path);                 \
        END(status);                             \
    }
ON_PATH(unlink, "unlink")
ON_PATH(rmdir, "unlink")

#define WITH_MODE(name, word)                    \
    int name(const char *path, mode_t mode) {    \
        REAL(int, name, const char *, mode_t);   \
        int fault = meet(word, -1, path);        \
        if (fault == ERROR) return -1;           \
        int status = real(path, mode);           \
        END(status);                             \
    }
WITH_MODE(mkdir, "mkdir")
WITH_MODE(chmod, "chmod")

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        REAL(int, name, const char *, int, ...);                          \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;         \
        va_end(rest);                                                     \
        int fault = meet(flags & O_ACCMODE ? "create" : "open", -1, path); \
        if (fault == ERROR) return -1;                                    \
        int file = real(path, flags, mode);                               \
        END(file);                                                        \
    }
OPEN(open)
OPEN(open64)

#define MAP(name)                                                                   \
    void *name(void *at, size_t length, int access, int flags, int file, off_t place) {   \
        REAL(void *, name, void *, size_t, int, int, int, off_t);                   \
        int fault = file >= 0 ? meet("mmap", file, NULL) : NOTHING;                 \
        if (fault == ERROR) return MAP_FAILED;                                      \
        void *start = real(at, length, access, flags, file, place);                 \
        END(start);                                                                 \
    }
MAP(mmap)
MAP(mmap64)
