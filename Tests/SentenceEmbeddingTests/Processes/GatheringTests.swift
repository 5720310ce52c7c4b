import Communication
import Foundation
import Testing

/// Work of all processes that may take one longer than another.
@Suite struct TogetherTests {
    @Test func eachHasItsOwnResult() throws {
        // The second is only done when the first is, and the other way round.
        let (first, second) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let results = ThreadProcesses.run(3) { own in
            try own.together {
                if own.rank == 0 { second.signal() } else if own.rank == 1 { second.wait() }
                if own.rank == 1 { first.signal() } else if own.rank == 0 { first.wait() }
                return "of \(own.rank)"
            }
        }
        #expect(results == ["of 0", "of 1", "of 2"])
    }

    @Test func whereOneFailsTheOthersAreNotKept() {
        struct Failure: Error {}
        let results = ThreadProcesses.run(3) { own in
            do {
                return try own.together {
                    if own.rank == 1 { throw Failure() }
                    return own.rank
                }
            } catch { return -1 }
        }
        #expect(results == [0, -1, 2])
    }
}

/// Bytes of all processes that are more than one call can have.
@Suite struct GatheringTests {
    /// How many bytes each process has, how many a call may, and how many calls that takes.
    struct Case: Sendable {
        let counts: [Int]
        let perCall: Int
        let calls: Int
    }

    @Test(arguments: [
        Case(counts: [5, 4, 3], perCall: 12, calls: 1),
        Case(counts: [5, 4, 3], perCall: 11, calls: 2),
        Case(counts: [7, 0, 2], perCall: 3, calls: 7),
        Case(counts: [1, 9, 6], perCall: 8, calls: 5),
        Case(counts: [4, 4, 4], perCall: 6, calls: 2),
        Case(counts: [0, 0, 0], perCall: 3, calls: 1),
    ])
    func piecesMakeUpTheWhole(_ test: Case) {
        let bytes = test.counts.enumerated().map { rank, count in
            (0..<count).map { UInt8(50 * rank + $0) }
        }
        let results = ThreadProcesses.run(3) { own in
            var all = [UInt8](repeating: 255, count: test.counts.reduce(0, +))
            var calls = 0
            bytes[own.rank].withUnsafeBytes { mine in
                all.withUnsafeMutableBytes { all in
                    own.gather(mine, into: all, counts: test.counts, perCall: test.perCall) {
                        piece, place, counts in
                        calls += 1
                        #expect(counts.reduce(0, +) <= test.perCall)
                        own.gather(piece, into: place, counts: counts)
                    }
                }
            }
            return (all, calls)
        }
        for (all, calls) in results {
            #expect(all == bytes.flatMap(\.self))
            #expect(calls == test.calls)
        }
    }
}
