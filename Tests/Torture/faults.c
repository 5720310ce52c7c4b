// Goes before the C library's functions and makes one system call on the files of a folder fail, or ends the process at
// it. By the environment:
//   FAULT_ROOT     the folder, as the start of paths
//   FAULT_LOG      a file that gets a line for each call there: its number, kind and path
//   FAULT_CALL     the number of the call that fails; with an s before it, of a call on a socket
//   FAULT_KIND     how: the name of an error; SHORT, half of what is asked for; FULL, no space from this call on; GONE,
//                  EIO from this call on; DEATH, the end of the process before the call; HALFDEATH, in the middle of a
//                  write; AFTERDEATH, after the call
//   FAULT_SOCKETS  set where calls on sockets count, too
//   FAULT_SERVER   two file descriptors: the program is loaded once, and each line that comes on the first is a run of
//                  it in a process forked before `main`. Loading takes longer than most commands.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, ERROR, SHORT, DEATH, HALFDEATH, AFTERDEATH, FULL, GONE };

static const struct {
    const char *name;
    int kind, number;
} kinds[] = {{"EIO", ERROR, EIO},         {"ENOSPC", ERROR, ENOSPC}, {"EINTR", ERROR, EINTR},
             {"EACCES", ERROR, EACCES},   {"EMFILE", ERROR, EMFILE}, {"ENOMEM", ERROR, ENOMEM},
             {"ENOLCK", ERROR, ENOLCK},   {"EPIPE", ERROR, EPIPE},   {"ECONNRESET", ERROR, ECONNRESET},
             {"ETIMEDOUT", ERROR, ETIMEDOUT}, {"ECONNABORTED", ERROR, ECONNABORTED},
             {"SHORT", SHORT, 0},   {"DEATH", DEATH, 0},
             {"HALFDEATH", HALFDEATH, 0}, {"AFTERDEATH", AFTERDEATH, 0}, {"FULL", FULL, ENOSPC},
             {"GONE", GONE, EIO}};

// Of calls on files and on sockets, whose number depends on how the network cuts what it carries.
static atomic_long calls[2];
static long wanted = -1;
static int kind, number, log_file = -1, has_sockets, wants_socket;
static pid_t process;
static const char *root;
// Where a process says to its server which call it has made to fail: number and kind, as in the log.
enum { INJECTED_SIZE = 64 };
static char *injected;

// Reads the environment, when the program is loaded and again in each process of a server.
static void begin(void) {
    process = getpid();
    root = getenv("FAULT_ROOT");
    has_sockets = getenv("FAULT_SOCKETS") != NULL;
    const char *text = getenv("FAULT_CALL");
    wants_socket = text && *text == 's';
    wanted = text ? atol(text + wants_socket) : -1;
    const char *name = getenv("FAULT_KIND");
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(name, kinds[i].name)) kind = kinds[i].kind, number = kinds[i].number;
    const char *log = getenv("FAULT_LOG");
    if (!log || !*log) return;
    int low = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    log_file = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, low);
}

// A path as it is from the root of the file system, or what an open file is.
static const char *whole(char *place, size_t size, int folder, const char *path) {
    if (path && *path == '/') return path;
    char link[64] = "/proc/self/cwd";
    if (folder != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, place, size - 1);
    if (length < 0) length = 0;
    place[length] = 0;
    if (path) snprintf(place + length, size - (size_t)length, "/%s", path);
    return place;
}

static int takes_space(const char *name) {
    static const char *const names[] = {"write", "pwrite", "create", "mkdir", "ftruncate", "symlink"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return 1;
    return 0;
}

static void confirm(int is_socket, long call, const char *name) {
    if (injected) snprintf(injected, INJECTED_SIZE, "%s%ld %s", is_socket ? "s" : "", call, name);
}

// Half of what is asked for, where that is the fault; of less than two there is no half, and no fault.
static size_t cut(int fault, size_t count) {
    if (fault != SHORT && fault != HALFDEATH) return count;
    if (count > 1) return count / 2;
    if (fault == SHORT && injected) *injected = 0;
    return count;
}

// What is to happen at a call on an open file, or on a path that may be in an open folder: one of the kinds.
static int meet_in(const char *name, int file, const char *path) {
    if (!root || getpid() != process) return NOTHING;
    int error = errno;
    char place[8192] = "";
    path = whole(place, sizeof place, file, path);
    errno = error;
    int is_socket = has_sockets && !strncmp(path, "socket:", 7);
    if (!is_socket && strncmp(path, root, strlen(root))) return NOTHING;
    if (is_socket) {
        if (!strcmp(name, "read")) name = "receive";
        if (!strcmp(name, "write")) name = "send";
        path = "socket";
    }
    long call = ++calls[is_socket];
    if (log_file >= 0) {
        char line[8300];
        int length = snprintf(line, sizeof line, "%s%ld %s %s\n", is_socket ? "s" : "", call, name, path);
        syscall(SYS_write, log_file, line, (size_t)length);
        errno = error;
    }
    if (wanted < 0 || is_socket != wants_socket || call < wanted) return NOTHING;
    if (kind == FULL || kind == GONE) {
        if (kind == FULL && !takes_space(name)) return NOTHING;
        if (call == wanted) confirm(is_socket, call, name);
        errno = number;
        return ERROR;
    }
    if (call != wanted) return NOTHING;
    confirm(is_socket, call, name);
    if (kind == DEATH) syscall(SYS_exit_group, 99);
    if (kind == ERROR) errno = number;
    return kind;
}

static int meet(const char *name, int file, const char *path) {
    return meet_in(name, path ? AT_FDCWD : file, path);
}

// Each line is a folder to run in, files for standard output, standard error and the log, the number of the call and the
// kind of fault, with tabs between; the answers are the process and, when it has ended, its status and the call that was
// made to fail, if one was.
static void serve(int requests, int answers) {
    FILE *lines = fdopen(requests, "r");
    char line[32768];
    injected = mmap(NULL, INJECTED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (injected == MAP_FAILED) _exit(1);
    while (lines && fgets(line, sizeof line, lines)) {
        char *fields[6] = {0}, *rest = line;
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; i < 6; i++) fields[i] = strsep(&rest, "\t");
        if (!fields[5]) break;
        *injected = 0;
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            setsid();
            close(requests);
            close(answers);
            for (int i = 1; i <= 2; i++) {
                int file = open(fields[i], O_WRONLY | O_CREAT | O_TRUNC, 0644);
                dup2(file, i);
                close(file);
            }
            if (chdir(fields[0])) _exit(98);
            setenv("HOME", fields[0], 1);
            setenv("PWD", fields[0], 1);
            setenv("FAULT_ROOT", fields[0], 1);
            setenv("FAULT_LOG", fields[3], 1);
            setenv("FAULT_CALL", fields[4], 1);
            setenv("FAULT_KIND", fields[5], 1);
            begin();
            return;
        }
        int status = -1;
        dprintf(answers, "%d\n", child);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        if (status == -1) break;
        dprintf(answers, "%d %s\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), injected);
    }
    _exit(0);
}

// The last thing before `main`: all libraries are loaded and have begun.
typedef int Main(int, char **, char **);
int __libc_start_main(Main *main, int count, char **words, Main *init, void (*fini)(void), void (*end)(void),
                      void *stack) {
    int (*real)(Main *, int, char **, Main *, void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    int requests, answers;
    const char *server = getenv("FAULT_SERVER");
    if (server && sscanf(server, "%d %d", &requests, &answers) == 2) {
        unsetenv("FAULT_SERVER");
        serve(requests, answers);
    } else {
        begin();
    }
    return real(main, count, words, init, fini, end, stack);
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
    ssize_t written = real(file, bytes, cut(fault, count));
    if (fault == HALFDEATH) syscall(SYS_exit_group, 99);
    END(written);
}

#define PWRITE(name)                                                          \
    ssize_t name(int file, const void *bytes, size_t count, off_t place) {    \
        REAL(ssize_t, name, int, const void *, size_t, off_t);                \
        int fault = meet("pwrite", file, NULL);                               \
        if (fault == ERROR) return -1;                                        \
        ssize_t written = real(file, bytes, cut(fault, count), place);        \
        if (fault == HALFDEATH) syscall(SYS_exit_group, 99);                  \
        END(written);                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t read(int file, void *bytes, size_t count) {
    REAL(ssize_t, read, int, void *, size_t);
    int fault = file > 2 ? meet("read", file, NULL) : NOTHING;
    if (fault == ERROR) return -1;
    ssize_t length = real(file, bytes, cut(fault, count));
    END(length);
}

#define PREAD(name)                                                     \
    ssize_t name(int file, void *bytes, size_t count, off_t place) {    \
        REAL(ssize_t, name, int, void *, size_t, off_t);                \
        int fault = meet("pread", file, NULL);                          \
        if (fault == ERROR) return -1;                                  \
        ssize_t length = real(file, bytes, cut(fault, count), place);   \
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

int flock(int file, int how) {
    REAL(int, flock, int, int);
    int fault = meet("lock", file, NULL);
    if (fault == ERROR) return -1;
    int status = real(file, how);
    END(status);
}

#define CONTROL(name)                                                        \
    int name(int file, int what, ...) {                                      \
        REAL(int, name, int, int, ...);                                      \
        va_list rest;                                                        \
        va_start(rest, what);                                                \
        void *argument = va_arg(rest, void *);                               \
        va_end(rest);                                                        \
        int locks = what == F_SETLK || what == F_OFD_SETLK;                  \
        int fault = locks ? meet("lock", file, NULL) : NOTHING;              \
        if (fault == ERROR) return -1;                                       \
        int status = real(file, what, argument);                             \
        END(status);                                                         \
    }
CONTROL(fcntl)
CONTROL(fcntl64)

#define STATUS(name)                                           \
    int name(const char *path, struct stat *status) {          \
        REAL(int, name, const char *, struct stat *);          \
        int fault = meet("stat", -1, path);                    \
        if (fault == ERROR) return -1;                         \
        int result = real(path, status);                       \
        END(result);                                           \
    }
STATUS(stat)
STATUS(lstat)

int fstat(int file, struct stat *status) {
    REAL(int, fstat, int, struct stat *);
    int fault = meet("stat", file, NULL);
    if (fault == ERROR) return -1;
    int result = real(file, status);
    END(result);
}
int fstatat(int folder, const char *path, struct stat *status, int flags) {
    REAL(int, fstatat, int, const char *, struct stat *, int);
    int fault = *path ? meet_in("stat", folder, path) : meet("stat", folder, NULL);
    if (fault == ERROR) return -1;
    int result = real(folder, path, status, flags);
    END(result);
}

DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    int fault = meet("list", -1, path);
    if (fault == ERROR) return NULL;
    DIR *folder = real(path);
    END(folder);
}

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

int fchmod(int file, mode_t mode) {
    REAL(int, fchmod, int, mode_t);
    int fault = meet("chmod", file, NULL);
    if (fault == ERROR) return -1;
    int status = real(file, mode);
    END(status);
}
int symlink(const char *target, const char *path) {
    REAL(int, symlink, const char *, const char *);
    int fault = meet("symlink", -1, path);
    if (fault == ERROR) return -1;
    int status = real(target, path);
    END(status);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    int fault = meet_in("unlink", folder, path);
    if (fault == ERROR) return -1;
    int status = real(folder, path, flags);
    END(status);
}

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

#define OPEN_IN(name)                                                              \
    int name(int folder, const char *path, int flags, ...) {                       \
        REAL(int, name, int, const char *, int, ...);                              \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                              \
        int fault = meet_in(flags & O_ACCMODE ? "create" : "open", folder, path);  \
        if (fault == ERROR) return -1;                                             \
        int file = real(folder, path, flags, mode);                                \
        END(file);                                                                 \
    }
OPEN_IN(openat)
OPEN_IN(openat64)

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

int connect(int file, const struct sockaddr *address, socklen_t length) {
    REAL(int, connect, int, const struct sockaddr *, socklen_t);
    int fault = meet("connect", file, NULL);
    if (fault == ERROR) return -1;
    int status = real(file, address, length);
    END(status);
}
int accept4(int file, struct sockaddr *address, socklen_t *length, int flags) {
    REAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
    int fault = meet("accept", file, NULL);
    if (fault == ERROR) return -1;
    int accepted = real(file, address, length, flags);
    END(accepted);
}
ssize_t send(int file, const void *bytes, size_t count, int flags) {
    REAL(ssize_t, send, int, const void *, size_t, int);
    int fault = meet("send", file, NULL);
    if (fault == ERROR) return -1;
    ssize_t sent = real(file, bytes, cut(fault, count), flags);
    END(sent);
}
ssize_t recv(int file, void *bytes, size_t count, int flags) {
    REAL(ssize_t, recv, int, void *, size_t, int);
    int fault = meet("receive", file, NULL);
    if (fault == ERROR) return -1;
    ssize_t length = real(file, bytes, cut(fault, count), flags);
    END(length);
}
ssize_t writev(int file, const struct iovec *pieces, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    int fault = file > 2 ? meet("write", file, NULL) : NOTHING;
    if (fault == ERROR) return -1;
    // Half of the pieces, or half of the only one.
    struct iovec only = count > 0 ? *pieces : (struct iovec){0};
    if (count == 1) only.iov_len = cut(fault, only.iov_len);
    ssize_t written = count == 1 ? real(file, &only, 1) : real(file, pieces, (int)cut(fault, (size_t)count));
    if (fault == HALFDEATH) syscall(SYS_exit_group, 99);
    END(written);
}

// Where connections are made to fail, nobody waits for better ones.
int nanosleep(const struct timespec *time, struct timespec *rest) {
    REAL(int, nanosleep, const struct timespec *, struct timespec *);
    return root && has_sockets ? 0 : real(time, rest);
}
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *rest) {
    REAL(int, clock_nanosleep, clockid_t, int, const struct timespec *, struct timespec *);
    return root && has_sockets ? 0 : real(clock, flags, time, rest);
}
