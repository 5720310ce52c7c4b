import Foundation

/// The processes of one run. All make the same calls in the same order, from one thread each.
///
/// A call gives the same bits in every process. There is no going on without the others: a call that fails says why on
/// standard error and ends all processes, as MPI's own handler of errors does.
public protocol Communicator: AnyObject {
    /// This process's number, in 0..<size.
    var rank: Int { get }
    /// How many processes there are.
    var size: Int { get }
    /// Begins to replace numbers by their sums over all processes; they must be left alone until `finishSums` returns.
    func startSum(_ values: UnsafeMutableBufferPointer<Float>)
    /// Begins the same for bfloat16 numbers.
    func startSum(bfloat16 values: UnsafeMutableBufferPointer<UInt16>)
    /// Lets the sums go on: data move only inside calls.
    func progress()
    /// Waits for all sums that were begun.
    func finishSums()
    /// Replaces each word by the bits that are set in it in any process.
    func formUnion(_ bits: inout [UInt64])
    /// Puts the bytes of each process, of which there may be different numbers, one after the other in the order of ranks.
    ///
    /// - Parameter counts: How many bytes each process has.
    func gather(
        _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int])
    /// Replaces the bytes by those of process 0.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer)
    /// Waits until every process is here, without a limit: also for one that has died.
    func wait()
}

extension Communicator {
    /// True in every process when any gives true.
    public func any(_ flag: Bool) -> Bool {
        var bits: [UInt64] = [flag ? 1 : 0]
        formUnion(&bits)
        return bits[0] != 0
    }

    /// Has every process do something that may take long, on another thread, while all see that every one of them is there;
    /// `body` makes no call to the others. Each goes on when it is done itself and the others are, or one of them has failed.
    ///
    /// - Throws: What `body` throws in this process.
    public func together<Value>(_ body: @escaping () throws -> Value) throws -> Value {
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) var result: Result<Value, any Error>?
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            result = Result { try body() }
            done.signal()
        }
        // As the first thread has.
        thread.stackSize = 8 << 20
        thread.start()
        let (isBusy, hasFailed): (UInt64, UInt64) = (1, 2)
        var isDone = false
        var bits: [UInt64]
        repeat {
            if !isDone { isDone = done.wait(timeout: .now() + .milliseconds(200)) != .timedOut }
            bits = [isDone ? 0 : isBusy]
            if isDone, case .failure? = result { bits[0] |= hasFailed }
            formUnion(&bits)
        } while bits[0] == isBusy
        if !isDone { done.wait() }
        guard let result else { preconditionFailure("the thread ended without a result") }
        return try result.get()
    }

    /// Has the first process do something that may take long, on another thread, while the others wait; all see meanwhile that
    /// every one of them is there.
    ///
    /// - Throws: In the first process what `body` throws.
    public func inFirst(_ body: @escaping () throws -> Void) throws {
        try together { if self.rank == 0 { try body() } }
    }

    /// The first process that has another text than process 0, with both; nil when all have the same.
    package func difference(_ own: String) -> (process: Int, first: String, found: String)? {
        let all = gather(own)
        return all.firstIndex { $0 != all[0] }.map { ($0, all[0], all[$0]) }
    }

    /// Gathers by calls of at most so many bytes in all: MPI counts them in Int32.
    ///
    /// - Parameters:
    ///   - most: At least one byte for each process.
    ///   - call: Gathers a piece of each process's bytes, of which there may be different numbers.
    package func gather(
        _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int],
        perCall most: Int,
        _ call: (
            _ own: UnsafeRawBufferPointer, _ all: UnsafeMutableRawBufferPointer, _ counts: [Int]
        ) -> Void
    ) {
        if counts.reduce(0, +) <= most { return call(own, all, counts) }
        let share = most / size
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: share * size, alignment: MemoryLayout<UInt64>.alignment)
        defer { piece.deallocate() }
        for first in stride(from: 0, to: counts.max() ?? 0, by: share) {
            let ranges = counts.map { min(first, $0)..<min(first + share, $0) }
            call(UnsafeRawBufferPointer(rebasing: own[ranges[rank]]), piece, ranges.map(\.count))
            var (place, start) = (0, 0)
            for (range, count) in zip(ranges, counts) {
                UnsafeMutableRawBufferPointer(
                    rebasing: all[start + range.lowerBound..<start + range.upperBound]
                ).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: piece[place..<place + range.count]))
                place += range.count
                start += count
            }
        }
    }

    /// The words of every process, of which all have as many.
    public func gather(_ own: [UInt64]) -> [[UInt64]] {
        var all = [UInt64](repeating: 0, count: own.count * size)
        let bytes = own.count * MemoryLayout<UInt64>.stride
        own.withUnsafeBytes { own in
            all.withUnsafeMutableBytes { all in
                gather(own, into: all, counts: Array(repeating: bytes, count: size))
            }
        }
        return (0..<size).map { Array(all[$0 * own.count..<($0 + 1) * own.count]) }
    }

    /// The texts of every process.
    public func gather(_ own: String) -> [String] {
        let own = Array(own.utf8)
        let counts = gather([UInt64(own.count)]).map { Int($0[0]) }
        var all = [UInt8](repeating: 0, count: counts.reduce(0, +))
        own.withUnsafeBytes { own in
            all.withUnsafeMutableBytes { gather(own, into: $0, counts: counts) }
        }
        var first = 0
        return counts.map { count in
            defer { first += count }
            return String(decoding: all[first..<first + count], as: UTF8.self)
        }
    }
}

extension Optional where Wrapped == any Communicator {
    /// Does something that may take long in every process while all see that the others are there; nil is one process.
    ///
    /// - Throws: What `body` throws in this process.
    package func together<Value>(_ body: @escaping () throws -> Value) throws -> Value {
        guard let self else { return try body() }
        return try self.together(body)
    }

    /// Does something that may take long in the first process while the others wait; nil is one process.
    ///
    /// - Throws: In the first process what `body` throws.
    package func inFirst(_ body: @escaping () throws -> Void) throws {
        guard let self else { return try body() }
        try self.inFirst(body)
    }
}
