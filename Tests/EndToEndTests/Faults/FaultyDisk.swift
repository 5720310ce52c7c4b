import Foundation
import Testing

/// A library that goes before the C library's and makes system calls fail as some disks do.
enum FaultyDisk {
    /// What fails.
    enum Fault {
        /// `flock`, as on NFS or Lustre without locks, with this error.
        case noLocks(Int32)
        /// Creating a file whose path has this in it: there is no space.
        case noSpace(forFile: String)
        /// The free space is this, in bytes.
        case free(Int)
        /// Every `write` to a file whose path has this in it writes half of what it is given.
        case shortWrites(toFile: String)

        fileprivate var variable: (String, String) {
            switch self {
            case .noLocks(let number): ("FAULT_FLOCK", "\(number)")
            case .noSpace(let file): ("FAULT_CREATE", file)
            case .free(let bytes): ("FAULT_FREE", "\(bytes)")
            case .shortWrites(let file): ("FAULT_SHORT", file)
            }
        }
    }

    /// The environment in which a command meets these faults.
    static func environment(_ faults: Fault...) throws -> [String: String] {
        let pairs = try faults.map(\.variable) + [("LD_PRELOAD", library.get())]
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }

    static let isAvailable = (try? library.get()) != nil

    private struct NoCompiler: Error {}

    /// Its path, beside the programs that were built.
    private static let library = Result<String, any Error> {
        guard let text = CommandRunner.program("faulty-disk.c")?.path,
            let file = CommandRunner.program("faulty-disk.so")?.path
        else { throw NoCompiler() }
        try Data(source.utf8).write(to: URL(filePath: text))
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["clang", "-O1", "-shared", "-fPIC", "-o", file, text, "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw NoCompiler() }
        return file
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/statvfs.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        int flock(int file, int operation) {
            const char *number = getenv("FAULT_FLOCK");
            if (!number) return (int)syscall(SYS_flock, file, operation);
            errno = atoi(number);
            return -1;
        }

        static int limit(struct statvfs *disk, int status) {
            const char *bytes = getenv("FAULT_FREE");
            if (bytes && status == 0) disk->f_bavail = strtoull(bytes, 0, 10) / disk->f_frsize;
            return status;
        }
        int statvfs(const char *path, struct statvfs *disk) {
            int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs");
            return limit(disk, real(path, disk));
        }
        int statvfs64(const char *path, struct statvfs64 *disk) {
            int (*real)(const char *, struct statvfs64 *) = dlsym(RTLD_NEXT, "statvfs64");
            return limit((struct statvfs *)disk, real(path, disk));
        }

        static int refuses(const char *path, int flags) {
            const char *part = getenv("FAULT_CREATE");
            return part && (flags & O_CREAT) && strstr(path, part);
        }
        #define OPEN(name)                                                  \
            int name(const char *path, int flags, ...) {                    \
                va_list rest;                                               \
                va_start(rest, flags);                                      \
                int mode = flags & O_CREAT ? va_arg(rest, int) : 0;         \
                va_end(rest);                                               \
                if (refuses(path, flags)) { errno = ENOSPC; return -1; }    \
                return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode); \
            }
        OPEN(open)
        OPEN(open64)

        ssize_t write(int file, const void *bytes, size_t count) {
            const char *part = getenv("FAULT_SHORT");
            char link[64], path[4096];
            snprintf(link, sizeof link, "/proc/self/fd/%d", file);
            ssize_t length = part && file > 2 ? readlink(link, path, sizeof path - 1) : -1;
            path[length > 0 ? length : 0] = 0;
            if (count > 1 && length > 0 && strstr(path, part)) count /= 2;
            return syscall(SYS_write, file, bytes, count);
        }
        """#
}
