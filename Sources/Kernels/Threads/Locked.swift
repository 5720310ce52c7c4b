import Foundation

/// A value that one thread at a time may use.
///
/// It is locked as POSIX threads lock, which the thread sanitizer sees; the standard library's `Mutex` is a futex, unseen, so
/// that all that one thread leaves in it for another, buffers and what is in them, would look like a race.
final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        lock.withLock { body(&value) }
    }
}
