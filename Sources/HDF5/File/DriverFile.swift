import CHDF5
import CHDF5Driver
import Foundation
import Support

/// An open file that HDF5 reads or writes by a driver of ours: opened, closed and asked for its errors here, so that no
/// error of writing reaches the library, which crashes on them.
final class DriverFile: @unchecked Sendable {
    let isWritable: Bool
    // Used inside the library's lock, or when the library has closed the file.
    private let state: UnsafeMutablePointer<chdf5_file>
    private let place: Place
    private var use: FileInUse?

    /// Creates a file.
    ///
    /// - Parameter path: Where it is; `place` is its name for messages.
    convenience init(creating path: String, replacing: Bool, _ place: Place) throws(HDF5Error) {
        if replacing, FileInUse.has(path, forWriting: false) { throw .fileInUse(file: place.file) }
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | (replacing ? 0 : O_EXCL)
        let descriptor = uninterrupted { open(path, flags, 0o666) }
        guard descriptor >= 0 else { throw place.systemFailure("create the file") }
        try self.init(descriptor, isWritable: true, place)
        if replacing, uninterrupted({ ftruncate(descriptor, 0) }) != 0 {
            throw place.systemFailure("create the file")
        }
    }

    /// Opens a file to read.
    convenience init(reading place: Place) throws(HDF5Error) {
        if FileInUse.has(place.file, forWriting: true) { throw .fileInUse(file: place.file) }
        // Opening a pipe waits for who writes to it, unless told not to.
        let descriptor = uninterrupted { open(place.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw place.systemFailure("open the file") }
        try self.init(descriptor, isWritable: false, place)
    }

    private init(_ descriptor: Int32, isWritable: Bool, _ place: Place) throws(HDF5Error) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notHDF5(file: place.file, reason: "it is not a regular file")
        }
        (self.isWritable, self.place) = (isWritable, place)
        use = FileInUse(status, isWriting: isWritable)
        state = .allocate(capacity: 1)
        state.initialize(to: chdf5_file(descriptor: descriptor, error: 0))
    }

    deinit {
        if state.pointee.descriptor >= 0 {
            // Nobody will want a file that was not closed: it takes no space until it is removed.
            if isWritable, state.pointee.error != 0 { _ = ftruncate(state.pointee.descriptor, 0) }
            close(state.pointee.descriptor)
        }
        state.deallocate()
    }

    /// Has the file that is created or opened with an access list be this one.
    func set(on accessList: hid_t) throws(HDF5Error) {
        guard chdf5_set_file(accessList, state) >= 0 else { throw place.failure("open the file") }
    }

    /// Runs `body`, which uses the library, and throws what the disk said rather than what the library makes of it.
    func reporting<Result>(_ body: () throws(HDF5Error) -> Result) throws(HDF5Error) -> Result {
        do throws(HDF5Error) {
            let result = try body()
            try requireWritten()
            return result
        } catch {
            try requireWritten()
            let number = state.pointee.error
            guard !isWritable, number != 0 else { throw error }
            // It may go better the next time.
            state.pointee.error = 0
            throw place.systemFailure("read the file", number: number)
        }
    }

    /// - Throws: What the first write that failed came to.
    private func requireWritten() throws(HDF5Error) {
        if isWritable, state.pointee.error != 0 {
            throw place.systemFailure("write the file", number: state.pointee.error)
        }
    }

    /// Writes nothing from now on, if the file was being written.
    func giveUp() {
        if isWritable, state.pointee.error == 0 { state.pointee.error = ECANCELED }
    }

    /// Closes the file when the library has, with a digest of it in its user block if asked for; one that could not be
    /// written is emptied.
    ///
    /// - Throws: What could not be written.
    func finish(withDigest hasDigest: Bool) throws(HDF5Error) {
        let descriptor = state.pointee.descriptor
        if isWritable, hasDigest, state.pointee.error == 0 {
            do throws(HDF5Error) { try UserBlock.write(descriptor, place) } catch {
                giveUp()
                throw error
            }
        }
        if isWritable, state.pointee.error != 0 { _ = ftruncate(descriptor, 0) }
        state.pointee.descriptor = -1
        use = nil
        // Closing may report what was not written; an interruption closes all the same.
        if close(descriptor) != 0, isWritable, errno != EINTR, state.pointee.error == 0 {
            state.pointee.error = errno
        }
        try requireWritten()
    }
}
