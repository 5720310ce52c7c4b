import Foundation

/// Writes a large file from front to back without holding it in memory.
package final class FileWriter {
    /// Bytes written so far.
    package private(set) var count = 0
    private let file: FileHandle
    private let path: String

    private init(_ file: FileHandle, path: String) {
        self.file = file
        self.path = path
    }

    /// Lets `body` write a file that replaces the one at `url` as a whole or not at all.
    ///
    /// - Throws: `SerializationError.unwritable`, and what `body` throws.
    package static func write(to url: URL, _ body: (FileWriter) throws -> Void) throws {
        try AtomicFile.write(to: url) { temporary in
            let file: FileHandle
            do {
                try Data().write(to: temporary)
                file = try FileHandle(forWritingTo: temporary)
            } catch {
                throw SerializationError.unwritable(
                    path: url.path, reason: error.localizedDescription)
            }
            defer { try? file.close() }
            try body(FileWriter(file, path: url.path))
        }
    }

    /// Appends bytes.
    package func write(_ bytes: Data) throws(SerializationError) {
        do { try file.write(contentsOf: bytes) } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        count += bytes.count
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
        do { try values.withUnsafeBytes { try file.write(contentsOf: $0) } } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        count += values.count * MemoryLayout<Element>.stride
    }
}
