import Foundation

/// Writes a large file from front to back without holding it in memory.
package final class FileWriter {
    /// Bytes written so far.
    package private(set) var count = 0
    private let descriptor: Int32
    private let path: String

    /// Creates a file that must not be there yet; `path` is its name for messages.
    ///
    /// - Throws: `SerializationError.unwritable`.
    package init(creating url: URL, path: String) throws(SerializationError) {
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        self.path = path
        if descriptor < 0 { throw failure() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Lets `body` write a file that replaces the one at `url` as a whole or not at all.
    ///
    /// - Throws: `SerializationError.unwritable`, and what `body` throws.
    package static func write(to url: URL, _ body: (FileWriter) throws -> Void) throws {
        try AtomicFile.write(to: url) { temporary in
            try body(FileWriter(creating: temporary, path: url.path))
        }
    }

    /// Appends bytes.
    package func write(_ bytes: Data) throws(SerializationError) {
        try write([UInt8](bytes).span)
    }

    /// Appends numbers.
    package func write<Element: BitwiseCopyable>(
        _ values: [Element]
    ) throws(SerializationError) {
        try write(values.span)
    }

    /// Appends numbers as they lie in memory: little-endian on every machine this runs on.
    package func write<Element: BitwiseCopyable>(
        _ values: Span<Element>
    ) throws(SerializationError) {
        try values.withUnsafeBytes { (bytes) throws(SerializationError) in
            var rest = bytes[...]
            // A system call may write less than it is given, on a network file system for instance.
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let written = Foundation.write(descriptor, part.baseAddress, part.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw failure()
                }
            }
            count += bytes.count
        }
    }

    /// The error that the last system call left behind.
    private func failure() -> SerializationError {
        .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
}
