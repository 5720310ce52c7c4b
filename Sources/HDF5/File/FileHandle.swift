import CHDF5
import Synchronization

/// An open file, shared by the handles of the objects inside it and closed with the last of them.
final class FileHandle: Sendable {
    let id: hid_t
    let path: String
    let hasDigest: Bool
    /// The file as the system has it.
    let file: DriverFile
    /// Why the file was given up, if it was.
    private let failure = Mutex<HDF5Error?>(nil)

    init(id: hid_t, path: String, hasDigest: Bool, _ file: DriverFile) {
        (self.id, self.path, self.hasDigest, self.file) = (id, path, hasDigest, file)
    }

    deinit {
        // After an explicit close the identifier is no longer valid, and never used again.
        Library.locked { if H5Iis_valid(id) > 0 { H5Fclose(id) } }
    }

    var isWritable: Bool { file.isWritable }

    /// Runs `body`, unless the file was given up; gives it up if it turns out not to be writable.
    ///
    /// To be called inside the lock.
    func guarding<Result>(
        _ body: () throws(HDF5Error) -> Result
    ) throws(HDF5Error) -> Result {
        if let failure = failure.withLock({ $0 }) { throw failure }
        do throws(HDF5Error) { return try file.reporting(body) } catch {
            switch error {
            case .diskFull, .failed: giveUp(error)
            default: break
            }
            throw error
        }
    }

    /// Writes nothing to the file from now on, if it was being written: its objects can still be closed.
    func giveUp(_ error: HDF5Error) {
        guard isWritable else { return }
        failure.withLock { $0 = $0 ?? error }
        file.giveUp()
    }
}
