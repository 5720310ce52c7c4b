import CHDF5
import CHDF5Driver
import Foundation
import Support

/// The file that HDF5 writes to by a driver of ours: opened, closed and asked for its errors here, so that none of them
/// reaches the library, which crashes on them.
final class OutputFile: @unchecked Sendable {
    // Used inside the library's lock, or when the library has closed the file.
    private let state: UnsafeMutablePointer<chdf5_output>
    private let place: Place
    private let use: FileInUse

    /// Creates a file.
    ///
    /// - Parameter path: Where it is; `place` is its name for messages.
    init(creating path: String, replacing: Bool, _ place: Place) throws(HDF5Error) {
        if replacing, FileInUse.has(path, forWriting: false) { throw .fileInUse(file: place.file) }
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | (replacing ? 0 : O_EXCL)
        let descriptor = uninterrupted { open(path, flags, 0o666) }
        guard descriptor >= 0 else { throw place.systemFailure("create the file") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notHDF5(file: place.file, reason: "it is not a regular file")
        }
        if replacing, uninterrupted({ ftruncate(descriptor, 0) }) != 0 {
            let error = place.systemFailure("create the file")
            close(descriptor)
            throw error
        }
        state = .allocate(capacity: 1)
        state.initialize(to: chdf5_output(descriptor: descriptor, error: 0))
        self.place = place
        use = FileInUse(status, isWriting: true)
    }

    deinit {
        if state.pointee.descriptor >= 0 {
            // Nobody will want a file that was not closed: it takes no space until it is removed.
            if state.pointee.error != 0 { _ = ftruncate(state.pointee.descriptor, 0) }
            close(state.pointee.descriptor)
        }
        state.deallocate()
    }

    /// Has a file that is created with an access list written here.
    func set(on accessList: hid_t) throws(HDF5Error) {
        guard chdf5_set_output(accessList, state) >= 0 else {
            throw place.failure("create the file")
        }
    }

    /// - Throws: What the first write that failed came to.
    func requireWritten() throws(HDF5Error) {
        if state.pointee.error != 0 {
            throw place.systemFailure("write the file", number: state.pointee.error)
        }
    }

    /// Writes nothing from now on.
    func giveUp() {
        if state.pointee.error == 0 { state.pointee.error = ECANCELED }
    }

    /// Closes the file when the library has, with a digest of it in its user block if asked for; one that could not be
    /// written is emptied.
    ///
    /// - Throws: What could not be written.
    func finish(withDigest hasDigest: Bool) throws(HDF5Error) {
        let descriptor = state.pointee.descriptor
        if hasDigest, state.pointee.error == 0 {
            do throws(HDF5Error) { try UserBlock.write(descriptor, place) } catch {
                giveUp()
                throw error
            }
        }
        if state.pointee.error != 0 { _ = ftruncate(descriptor, 0) }
        state.pointee.descriptor = -1
        // Closing may report what was not written; an interruption closes all the same.
        if close(descriptor) != 0, errno != EINTR, state.pointee.error == 0 {
            state.pointee.error = errno
        }
        try requireWritten()
    }
}
