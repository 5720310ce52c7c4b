import Foundation
import Support

/// A blob on its way: what has come so far stays for the next attempt, also that of another process.
final class PartialFile {
    private let url: URL
    private let descriptor: Int32
    /// The bytes there are.
    private(set) var size: Int64

    /// Opens what an earlier attempt left, or a new file.
    init(_ url: URL) throws(HubError) {
        self.url = url
        descriptor = uninterrupted {
            open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        }
        guard descriptor >= 0 else { throw Self.failure(url, needed: 0) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let number = errno
            close(descriptor)
            throw Self.failure(url, needed: 0, number)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unwritable(path: url.path, reason: "it is not a file")
        }
        size = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    /// Throws when the disk has less room than is still to come.
    func reserve(total: Int64) throws(HubError) {
        var status = statvfs()
        guard total > size, fstatvfs(descriptor, &status) == 0 else { return }
        let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        guard free.overflow || free.partialValue >= UInt64(total - size) else {
            throw .diskFull(path: url.path, needed: total - size)
        }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
        let number = writeAll(bytes, to: descriptor, at: Int(size))
        if number != 0 { throw Self.failure(url, needed: Int64(bytes.count), number) }
        size += Int64(bytes.count)
    }

    /// Forgets what there is.
    func clear() throws(HubError) {
        guard uninterrupted({ ftruncate(descriptor, 0) }) == 0 else {
            throw Self.failure(url, needed: 0)
        }
        size = 0
    }

    /// The content's hash, of the kind given.
    func hash(as kind: BlobHash) throws(HubError) -> String {
        var offset = off_t(0)
        let found = kind.computed(size: size) { buffer in
            let count = uninterrupted {
                pread(descriptor, buffer.baseAddress, buffer.count, offset)
            }
            offset += off_t(max(count, 0))
            return count
        }
        guard let found else { throw Self.failure(url, needed: 0) }
        return found
    }

    /// Flushes the content to disk and gives it its name.
    func finish(as blob: URL) throws(HubError) {
        guard uninterrupted({ fsync(descriptor) }) == 0, rename(url.path, blob.path) == 0 else {
            throw Self.failure(blob, needed: 0)
        }
        let folder = uninterrupted {
            open(blob.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        }
        if folder >= 0 {
            _ = uninterrupted { fsync(folder) }
            close(folder)
        }
    }

    func remove() { unlink(url.path) }

    private static func failure(_ url: URL, needed: Int64, _ code: Int32 = errno) -> HubError {
        [ENOSPC, EDQUOT].contains(code)
            ? .diskFull(path: url.path, needed: needed)
            : .unwritable(path: url.path, reason: String(cString: strerror(code)))
    }
}
