import Foundation

/// Files that are read to their end: not a pipe or a terminal, which would be waited for, and not a device, which may
/// have no end.
package enum RegularFile {
    /// Why a file cannot be read, in words.
    package struct Failure: Error {
        package let reason: String
    }

    /// Opens a file to read; the caller closes it.
    package static func open(_ path: String) throws(Failure) -> Int32 {
        // Opening a pipe waits for who writes to it, unless told not to.
        let descriptor = uninterrupted {
            Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        }
        guard descriptor >= 0 else { throw Failure(reason: systemReason()) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            return descriptor
        }
        close(descriptor)
        throw Failure(reason: "it is \(kind(status.st_mode)), not a regular file")
    }

    /// The bytes of a file, or as many of the first ones as are asked for.
    package static func bytes(_ path: String, first most: Int = .max) throws(Failure) -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try bytes(descriptor, first: most)
    }

    /// The bytes that are still to come from an open file, or as many of the first ones as are asked for.
    package static func bytes(
        _ descriptor: Int32, first most: Int = .max
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var status = stat()
        // Some files are longer than they say, such as those of the system about itself.
        let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        bytes.reserveCapacity(min(most, size))
        var piece = [UInt8](repeating: 0, count: min(most, max(size + 1, 1 << 12), 1 << 18))
        while bytes.count < most {
            let wanted = min(piece.count, most - bytes.count)
            let count = uninterrupted { read(descriptor, &piece, wanted) }
            guard count >= 0 else { throw Failure(reason: systemReason()) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    /// What a path leads to, in words; nil for a regular file, and where there is nothing.
    package static func otherKind(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return nil }
        return kind(status.st_mode)
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "a special file"
        }
    }
}
