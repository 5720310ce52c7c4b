import Communication
import Foundation
import Kernels
import Synchronization

/// Processes of a run that are threads of this one.
final class ThreadProcesses: Communicator {
    let rank: Int
    let size: Int
    private let meeting: Meeting
    private var sums: [Sum] = []
    /// How many numbers it has had summed.
    private(set) var summedCount = 0

    private enum Sum {
        case floats(UnsafeMutableBufferPointer<Float>)
        case bfloat16(UnsafeMutableBufferPointer<UInt16>)
    }

    private init(rank: Int, size: Int, _ meeting: Meeting) {
        (self.rank, self.size, self.meeting) = (rank, size, meeting)
    }

    /// What `body` gives in each of so many processes. An error of one is a trap: the others would wait for it.
    static func run<Result>(
        _ size: Int, _ body: @escaping @Sendable (ThreadProcesses) throws -> Result
    ) -> [Result] {
        let meeting = Meeting(size)
        nonisolated(unsafe) var results = [Result?](repeating: nil, count: size)
        let lock = Mutex(())
        let ended = DispatchGroup()
        for rank in 0..<size {
            ended.enter()
            let thread = Thread {
                do {
                    let result = try body(ThreadProcesses(rank: rank, size: size, meeting))
                    lock.withLock { _ in results[rank] = result }
                } catch { fatalError("process \(rank): \(error)") }
                ended.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        ended.wait()
        return results.compactMap(\.self)
    }

    func startSum(_ values: UnsafeMutableBufferPointer<Float>) {
        summedCount += values.count
        sums.append(.floats(values))
    }

    func startSum(bfloat16 values: UnsafeMutableBufferPointer<UInt16>) {
        summedCount += values.count
        sums.append(.bfloat16(values))
    }

    func progress() {}

    func finishSums() {
        for sum in sums {
            switch sum {
            case .floats(let values):
                meeting.exchange(rank, Array(values)) { all in
                    for i in values.indices { values[i] = all.reduce(0) { $0 + $1[i] } }
                }
            case .bfloat16(let values):
                let wide = values.map { Float(bitPattern: UInt32($0) << 16) }
                meeting.exchange(rank, wide) { all in
                    for i in values.indices {
                        var sum = all.reduce(0) { $0 + $1[i] }
                        var narrow = UInt16(0)
                        VectorKernels.best.narrow(&narrow, &sum, 1)
                        values[i] = narrow
                    }
                }
            }
        }
        sums = []
    }

    func formUnion(_ bits: inout [UInt64]) {
        let own = bits
        meeting.exchange(rank, own) { all in
            bits = own.indices.map { i in all.reduce(0) { $0 | $1[i] } }
        }
    }

    func gather(
        _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int]
    ) {
        precondition(own.count == counts[rank], "\(own.count) bytes, not \(counts[rank])")
        meeting.exchange(rank, Array(own)) { parts in
            precondition(parts.map(\.count) == counts)
            all.copyBytes(from: parts.joined())
        }
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        meeting.exchange(rank, Array(bytes)) { bytes.copyBytes(from: $0[0]) }
    }

    func wait() { meeting.exchange(rank, 0) { _ in } }
}

/// Where all bring something, and each sees what all have brought.
private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private let size: Int
    private var brought: [Int: Any] = [:]
    private var readers = 0

    init(_ size: Int) { self.size = size }

    func exchange<Value>(_ rank: Int, _ value: Value, _ read: ([Value]) -> Void) {
        condition.lock()
        while readers > 0 { condition.wait() }
        brought[rank] = value
        if brought.count == size { condition.broadcast() }
        while brought.count < size && readers == 0 { condition.wait() }
        // The last one has come: all stay until each has read.
        if readers == 0 { readers = size }
        let all = (0..<size).map { rank in
            guard let value = brought[rank] as? Value else {
                fatalError("processes make different calls: \(brought)")
            }
            return value
        }
        read(all)
        readers -= 1
        if readers == 0 {
            brought = [:]
            condition.broadcast()
        } else {
            while readers > 0 { condition.wait() }
        }
        condition.unlock()
    }
}
