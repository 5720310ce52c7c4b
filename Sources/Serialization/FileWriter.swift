import Foundation
import Support

/// Writes a large file from front to back without holding it in memory.
package final class FileWriter {
    /// Bytes written so far.
    package private(set) var count = 0
    /// -1 once it is closed.
    private var descriptor: Int32
    private let path: String

    /// Creates a file, which must not be there yet unless it is to be replaced; `path` is its name for messages.
    ///
    /// - Throws: `SerializationError.unwritable`.
    package init(
        creating url: URL, replacing: Bool = false, path: String
    ) throws(SerializationError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (replacing ? O_TRUNC : O_EXCL)
        descriptor = uninterrupted { open(url.path, flags, 0o666) }
        self.path = path
        if descriptor < 0 { throw failure() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Lets `body` write a file that replaces the one at `url` as a whole or not at all.
    ///
    /// - Throws: `SerializationError.unwritable`, and what `body` throws.
    package static func write(to url: URL, _ body: (FileWriter) throws -> Void) throws {
        try AtomicFile.write(to: url) { temporary in
            let file = try FileWriter(creating: temporary, path: url.path)
            try body(file)
            try file.finish()
        }
    }

    /// Appends bytes.
    package func write(_ bytes: Data) throws(SerializationError) {
        try check(bytes.withUnsafeBytes(append))
    }

    /// Appends numbers.
    package func write<Element: BitwiseCopyable>(
        _ values: [Element]
    ) throws(SerializationError) {
        // Not by its span: the compiler may then leave out what fills an array of one element (Swift 6.3).
        try check(values.withUnsafeBytes(append))
    }

    /// Appends numbers as they lie in memory: little-endian on every machine this runs on.
    package func write<Element: BitwiseCopyable>(
        _ values: Span<Element>
    ) throws(SerializationError) {
        try check(values.withUnsafeBytes(append))
    }

    /// Appends bytes; the number of the error, or 0.
    private func append(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        let number = writeAll(bytes, to: descriptor)
        if number == 0 { count += bytes.count }
        return number
    }

    /// Replaces the first bytes.
    package func writeStart(_ bytes: Data) throws(SerializationError) {
        let bytes = [UInt8](bytes)
        try check(bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: 0) })
    }

    /// Flushes the file to disk and closes it.
    ///
    /// A file system may keep to itself until then what it could not write; whoever skips this does not hear of it.
    package func finish() throws(SerializationError) {
        let open = descriptor
        descriptor = -1
        let flushed = Temporary.flush(open)
        // An interruption closes all the same.
        let closed = close(open) == 0 || errno == EINTR ? 0 : errno
        try check(flushed != 0 ? flushed : closed)
    }

    /// - Throws: The error of a number other than 0.
    private func check(_ number: Int32) throws(SerializationError) {
        if number != 0 { throw .unwritable(path: path, reason: systemReason(number)) }
    }

    /// The error that the last system call left behind.
    private func failure() -> SerializationError {
        .unwritable(path: path, reason: systemReason())
    }
}
