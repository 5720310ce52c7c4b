import Foundation
import Synchronization

/// Notes that this process has a file open: one that is read must not be replaced under its reader, and one that is
/// written cannot be read yet.
final class FileInUse: Sendable {
    private struct Use: Hashable {
        let file: FileIdentity
        let isWriting: Bool
    }

    private static let counts = Mutex<[Use: Int]>([:])
    private let use: Use

    /// Notes it until this is let go.
    init(_ status: stat, isWriting: Bool) {
        let use = Use(file: FileIdentity(status), isWriting: isWriting)
        self.use = use
        Self.counts.withLock { $0[use, default: 0] += 1 }
    }

    deinit {
        Self.counts.withLock { [use] counts in
            let count = (counts[use] ?? 1) - 1
            counts[use] = count > 0 ? count : nil
        }
    }

    /// Whether the file at a path is open for writing, or for reading.
    static func has(_ path: String, forWriting isWriting: Bool) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        let use = Use(file: FileIdentity(status), isWriting: isWriting)
        return counts.withLock { $0[use] != nil }
    }
}

/// Which file a path leads to, whatever it is called.
private struct FileIdentity: Hashable {
    let device: dev_t
    let number: ino_t

    init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
}
