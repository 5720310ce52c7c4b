import CSystemCalls
import Foundation
import Support

/// A lock on a file that is made for it, and that goes with its process however that ends.
package final class FileLock {
    /// Why there is no lock.
    package enum Failure: Error {
        /// Somebody has it: what the file says of them, if anything.
        case held(by: String)
        /// The file system has no locks.
        case unsupported(reason: String)
        /// The file cannot be made.
        case unwritable(reason: String)
    }

    private let descriptor: Int32
    private let path: String

    /// Takes the lock without waiting; `holder` is what others read of who has it.
    package init(_ url: URL, holder: String) throws(Failure) {
        path = url.path
        descriptor = try Self.locked(url.path)
        let text = Array((holder + "\n").utf8)
        _ = ftruncate(descriptor, 0)
        _ = text.withUnsafeBytes { writeAll($0, to: descriptor, at: 0) }
    }

    deinit {
        // In this order: who finds the file without a lock finds it gone, too, and makes another.
        unlink(path)
        close(descriptor)
    }

    private static func locked(_ path: String) throws(Failure) -> Int32 {
        while true {
            let descriptor = uninterrupted { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
            guard descriptor >= 0 else { throw .unwritable(reason: systemReason()) }
            guard simile_lock(descriptor) == 0 else {
                let number = errno
                defer { close(descriptor) }
                guard number == EAGAIN || number == EACCES else {
                    unlink(path)
                    throw .unsupported(reason: systemReason(number))
                }
                let text = try? RegularFile.bytes(descriptor, first: 200)
                throw .held(by: String(decoding: text ?? [], as: UTF8.self).trimmed)
            }
            // Who had it may have removed the file since it was opened here: nobody else will ask for that one.
            var (own, there) = (stat(), stat())
            if fstat(descriptor, &own) == 0, stat(path, &there) == 0, own.st_ino == there.st_ino,
                own.st_dev == there.st_dev
            {
                return descriptor
            }
            close(descriptor)
        }
    }
}
