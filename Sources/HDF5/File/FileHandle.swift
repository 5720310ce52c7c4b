import CHDF5
import Foundation
import Synchronization

/// An open file, shared by the handles of the objects inside it and closed with the last of them.
final class FileHandle: Sendable {
    let id: hid_t
    let path: String
    let isWritable: Bool
    let hasDigest: Bool
    /// Why the file was given up, if it was.
    private let failure = Mutex<HDF5Error?>(nil)

    init(id: hid_t, path: String, isWritable: Bool, hasDigest: Bool) {
        self.id = id
        self.path = path
        self.isWritable = isWritable
        self.hasDigest = hasDigest
    }

    deinit {
        // After an explicit close the identifier is no longer valid, and never used again.
        Library.locked { if !isAbandoned && H5Iis_valid(id) > 0 { H5Fclose(id) } }
    }

    var isAbandoned: Bool { failure.withLock { $0 != nil } }

    /// Runs `body`, unless the file was given up; gives it up if it turns out not to be writable.
    ///
    /// To be called inside the lock.
    func guarding<Result>(
        _ body: () throws(HDF5Error) -> Result
    ) throws(HDF5Error) -> Result {
        if let failure = failure.withLock({ $0 }) { throw failure }
        do throws(HDF5Error) {
            return try body()
        } catch {
            switch error {
            case .diskFull, .failed: abandon(error)
            default: break
            }
            throw error
        }
    }

    /// Never touches the file again, and frees its space on the disk, if it was being written.
    ///
    /// The library is left half-way when it cannot write: closing the objects in question crashes
    /// it, so they and their memory, about a megabyte, stay as they are.
    func abandon(_ error: HDF5Error) {
        guard isWritable, !isAbandoned else { return }
        failure.withLock { $0 = error }
        var pointer: UnsafeMutableRawPointer?
        guard H5Fget_vfd_handle(id, chdf5_default(), &pointer) >= 0, let pointer else { return }
        let descriptor = pointer.load(as: Int32.self)
        ftruncate(descriptor, 0)
        // The file stays open elsewhere: the library would take a later one of the same number for it.
        _ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        // The number stays taken, so that the library cannot write to another file by it.
        let nowhere = Foundation.open("/dev/null", O_RDWR | O_CLOEXEC)
        if nowhere >= 0 {
            dup2(nowhere, descriptor)
            Foundation.close(nowhere)
        }
    }
}
