import Foundation

/// Text that a person gives: in a file, or by way of a pipe.
package enum TextFile {
    /// Reads it to its end, or as many of the first bytes as are asked for.
    package static func read(
        _ path: String, first most: Int = .max
    ) throws(RegularFile.Failure) -> String {
        let descriptor = uninterrupted { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw RegularFile.Failure(reason: systemReason()) }
        defer { close(descriptor) }
        guard
            let text = String(
                validating: try RegularFile.bytes(descriptor, first: most), as: UTF8.self)
        else {
            throw RegularFile.Failure(reason: "it is not UTF-8 text")
        }
        return text
    }
}
