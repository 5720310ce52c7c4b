import CHDF5
import Synchronization

/// An open file, shared by the handles of the objects inside it and closed with the last of them.
final class FileHandle: Sendable {
    let id: hid_t
    let path: String
    let hasDigest: Bool
    /// Where it is written to; nil for a file that is read.
    let output: OutputFile?
    /// Keeps the file from being replaced while it is read.
    private let reading: FileInUse?
    /// Why the file was given up, if it was.
    private let failure = Mutex<HDF5Error?>(nil)

    init(reading id: hid_t, path: String, hasDigest: Bool, _ reading: FileInUse?) {
        (self.id, self.path, self.hasDigest) = (id, path, hasDigest)
        (output, self.reading) = (nil, reading)
    }

    init(writing id: hid_t, path: String, hasDigest: Bool, _ output: OutputFile) {
        (self.id, self.path, self.hasDigest) = (id, path, hasDigest)
        (self.output, reading) = (output, nil)
    }

    deinit {
        // After an explicit close the identifier is no longer valid, and never used again.
        Library.locked { if H5Iis_valid(id) > 0 { H5Fclose(id) } }
    }

    var isWritable: Bool { output != nil }

    /// Runs `body`, unless the file was given up; gives it up if it turns out not to be writable.
    ///
    /// To be called inside the lock.
    func guarding<Result>(
        _ body: () throws(HDF5Error) -> Result
    ) throws(HDF5Error) -> Result {
        if let failure = failure.withLock({ $0 }) { throw failure }
        do throws(HDF5Error) {
            let result = try body()
            // The driver keeps to itself what the disk said.
            try output?.requireWritten()
            return result
        } catch {
            switch error {
            case .diskFull, .failed: giveUp(error)
            default: break
            }
            throw error
        }
    }

    /// Writes nothing to the file from now on, if it was being written: its objects can still be closed.
    func giveUp(_ error: HDF5Error) {
        guard let output else { return }
        failure.withLock { $0 = $0 ?? error }
        output.giveUp()
    }
}
