import Foundation
import Support

/// A file of a run that grows at its end.
///
/// What cannot be written ends nothing: it is kept and tried again with the next bytes.
final class LogFile {
    /// Bytes that are gathered before they are written.
    private static let gathered = 1 << 12

    /// Why bytes wait that were to be written.
    struct Failure: Error {
        let reason: String
    }

    /// The file's path.
    let path: String
    private let descriptor: Int32
    private var end: Int
    private var pending: [UInt8] = []

    /// Opens a file that is there.
    ///
    /// - Throws: `RunError.outputUnwritable`.
    init(_ url: URL) throws {
        path = url.path
        descriptor = uninterrupted { open(url.path, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw RunError.outputUnwritable(path: path, reason: systemReason())
        }
        end = max(0, Int(lseek(descriptor, 0, SEEK_END)))
    }

    deinit { close(descriptor) }

    /// Takes bytes, and writes them when there are enough.
    ///
    /// - Throws: What prevents writing; nothing is lost by that.
    func append(_ bytes: some Sequence<UInt8>) throws {
        pending += bytes
        if pending.count > Self.gathered { try write() }
    }

    /// Writes the bytes that wait, and has the disk hold them.
    ///
    /// - Throws: What prevents that; nothing is lost by it.
    func flush() throws {
        try write()
        // Not every file system can flush every file.
        if uninterrupted({ fsync(descriptor) }) != 0,
            ![EINVAL, EROFS, EOPNOTSUPP, ENOSYS].contains(errno)
        {
            throw Failure(reason: systemReason())
        }
    }

    private func write() throws {
        // At their place, also after a failure half-way through.
        let number = pending.withUnsafeBytes { writeAll($0, to: descriptor, at: end) }
        if number != 0 { throw Failure(reason: systemReason(number)) }
        end += pending.count
        pending = []
    }
}
