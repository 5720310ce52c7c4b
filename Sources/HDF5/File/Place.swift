import CHDF5
import Foundation

/// Where an operation takes place, for the errors that it may end in.
struct Place: Sendable {
    let file: String
    let object: String

    /// Passes an identifier on, or throws what the library says if there is none.
    func check(_ id: hid_t, _ operation: String) throws(HDF5Error) -> hid_t {
        if id < 0 { throw failure(operation) }
        return id
    }

    /// Throws what the library says if a call did not succeed.
    func check(_ status: herr_t, _ operation: String) throws(HDF5Error) {
        if status < 0 { throw failure(operation) }
    }

    /// An answer to a yes-or-no question.
    func ask(_ answer: htri_t, _ operation: String) throws(HDF5Error) -> Bool {
        if answer < 0 { throw failure(operation) }
        return answer > 0
    }

    /// The error that the library's last failure amounts to.
    func failure(_ operation: String) -> HDF5Error {
        let stack = ErrorStack.collect()
        if let (found, expected) = stack.truncation {
            return .truncated(file: file, expected: expected, found: found)
        }
        if stack.saysUnfinished { return .unfinished(file: file) }
        if stack.saysChecksum { return .checksumMismatch(file: file, object: object) }
        if stack.messages.contains(where: { $0.contains("a file which is already open") }) {
            return .fileInUse(file: file)
        }
        if stack.saysLocked && stack.errno == EWOULDBLOCK { return .fileInUse(file: file) }
        if let error = stack.errno.flatMap(error(ofNumber:)) { return error }
        if stack.saysNotHDF5 { return .notHDF5(file: file, reason: "it has no HDF5 signature") }
        return .failed(
            file: file, object: object, operation: operation, messages: stack.messages)
    }

    /// The error that a call of the operating system ended in, by default the last one.
    func systemFailure(_ operation: String, number: Int32 = errno) -> HDF5Error {
        error(ofNumber: number)
            ?? .failed(
                file: file, object: object, operation: operation,
                messages: [String(cString: strerror(number))])
    }

    private func error(ofNumber number: Int32) -> HDF5Error? {
        switch number {
        case ENOENT, ENOTDIR: .fileMissing(file: file)
        case EACCES, EPERM, EROFS: .permissionDenied(file: file)
        case EEXIST: .fileExists(file: file)
        case EISDIR: .notHDF5(file: file, reason: "it is a folder")
        case ENOSPC, EDQUOT, EFBIG: .diskFull(file: file)
        default: nil
        }
    }

    func missing(present: [String]) -> HDF5Error {
        .missing(file: file, object: object, present: present)
    }

    func damaged(_ reason: String) -> HDF5Error {
        .damaged(file: file, object: object, reason: reason)
    }

    func unsupported(_ reason: String) -> HDF5Error {
        .unsupported(file: file, object: object, reason: reason)
    }
}
