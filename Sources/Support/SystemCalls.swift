import Foundation

/// Makes a system call again for as long as a signal interrupts it; its result is negative for an error.
package func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Writes all of some bytes to a file, at a place of it or where it stands, and returns the number of the error that
/// prevented it, or 0.
///
/// A call may write less than it is given, on a network file system for instance.
package func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil
) -> Int32 {
    var done = 0
    while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        let written = uninterrupted {
            offset.map { pwrite(descriptor, rest.baseAddress, rest.count, off_t($0 + done)) }
                ?? write(descriptor, rest.baseAddress, rest.count)
        }
        if written < 0 { return errno }
        // No error and no progress: it would never end.
        if written == 0 { return EIO }
        done += written
    }
    return 0
}

/// The operating system's words for the number of an error, by default that of the last call.
package func systemReason(_ number: Int32 = errno) -> String { String(cString: strerror(number)) }
