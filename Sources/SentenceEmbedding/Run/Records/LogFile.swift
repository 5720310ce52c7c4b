import Foundation
import Serialization

/// A file of a run that grows at its end.
///
/// What cannot be written ends nothing: it is kept and tried again with the next bytes.
final class LogFile {
    /// Bytes that are gathered before they are written.
    private static let gathered = 1 << 12

    /// The file's path.
    let path: String
    private let file: FileHandle
    private var end: UInt64
    private var pending = Data()

    /// Opens a file that is there.
    ///
    /// - Throws: `RunError.outputUnwritable`.
    init(_ url: URL) throws {
        path = url.path
        do {
            file = try FileHandle(forWritingTo: url)
            end = try file.seekToEnd()
        } catch {
            throw RunError.outputUnwritable(path: path, reason: error.systemReason)
        }
    }

    /// Takes bytes, and writes them when there are enough.
    ///
    /// - Throws: What prevents writing; nothing is lost by that.
    func append(_ bytes: Data) throws {
        pending += bytes
        if pending.count > Self.gathered { try flush() }
    }

    /// Writes the bytes that wait.
    ///
    /// - Throws: What prevents writing; nothing is lost by that.
    func flush() throws {
        // Also after a failure half-way through.
        try file.seek(toOffset: end)
        try file.write(contentsOf: pending)
        end += UInt64(pending.count)
        pending = Data()
    }
}
