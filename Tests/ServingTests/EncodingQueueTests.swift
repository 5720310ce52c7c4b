import Foundation
import Synchronization
import Testing

@testable import Serving

/// The thread that computes, with a computation that waits until it may go on.
@Suite struct EncodingQueueTests {
    private final class Gate: Sendable {
        private let batches = Mutex<[[[Int32]]]>([])
        private let mayGoOn = DispatchSemaphore(value: 0)

        var seen: [[[Int32]]] { batches.withLock { $0 } }

        /// Each sequence's embedding is its first two ids.
        func compute(_ ids: [[Int32]]) -> [Float] {
            batches.withLock { $0.append(ids) }
            mayGoOn.wait()
            return ids.flatMap { [Float($0[0]), Float($0[1])] }
        }

        func open(_ times: Int = 1) { for _ in 0..<times { mayGoOn.signal() } }
    }

    private func queue(
        _ gate: Gate, limits: ServingLimits = ServingLimits()
    ) -> EncodingQueue {
        EncodingQueue(
            limits: limits, dimension: 2, metrics: ServerMetrics(model: "x", dimension: 2)
        ) { ids, _ in gate.compute(ids) }
    }

    private func until(_ isSo: () -> Bool) async { while !isSo() { await Task.yield() } }

    private func text(_ first: Int32, length: Int = 4) -> TokenSequences {
        TokenSequences([[first, first + 1] + [Int32](repeating: 0, count: length - 2)])
    }

    @Test func whatComesMeanwhileIsComputedTogether() async throws {
        let gate = Gate()
        let queue = queue(gate)
        async let first = queue.encode(text(10))
        await until { gate.seen.count == 1 }
        async let second = queue.encode(text(20))
        async let third = queue.encode(TokenSequences([[30, 31], [40, 41]]))
        await until { queue.depth.texts == 3 }
        #expect(queue.depth.tokens == 8)
        gate.open(2)
        #expect(try await first == [10, 11])
        #expect(try await second == [20, 21])
        #expect(try await third == [30, 31, 40, 41])
        #expect(gate.seen.map(\.count) == [1, 3])
        #expect(queue.depth.texts == 0)
        queue.stop()
    }

    /// A request's rows come in its order, however many batches they are from.
    @Test func aRequestOfManyBatches() async throws {
        let gate = Gate()
        var limits = ServingLimits()
        limits.batchTokens = 4
        let queue = queue(gate, limits: limits)
        gate.open(5)
        let rows = (0..<10).map { [Int32($0), Int32(-$0)] }
        let values = try await queue.encode(TokenSequences(rows))
        #expect(values == rows.flatMap { $0.map { Float($0) } })
        #expect(gate.seen.map(\.count) == [2, 2, 2, 2, 2])
        queue.stop()
    }

    @Test func aFullQueueRefuses() async throws {
        let gate = Gate()
        var limits = ServingLimits()
        limits.maxWaitingTokens = 10
        let queue = queue(gate, limits: limits)
        async let first = queue.encode(text(10))
        await until { gate.seen.count == 1 }
        // Larger than what may wait, but nothing else does.
        async let second = queue.encode(text(20, length: 12))
        await until { queue.depth.texts == 1 }
        await #expect(throws: APIError.queueFull(retryAfter: 1)) {
            try await queue.encode(text(30))
        }
        let refusal = APIError.queueFull(retryAfter: 7).response
        #expect(refusal.status == .tooManyRequests)
        #expect(refusal.headers[.retryAfter] == "7")
        gate.open(2)
        #expect(try await [first, second] == [[10, 11], [20, 21]])
        queue.stop()
    }

    /// Nobody waits for what is cancelled, and it is not computed.
    @Test func aCancelledRequestLeaves() async throws {
        let gate = Gate()
        let queue = queue(gate)
        async let first = queue.encode(text(10))
        await until { gate.seen.count == 1 }
        let text = text(20)
        let second = Task { try await queue.encode(text) }
        await until { queue.depth.texts == 1 }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(queue.depth.texts == 0)
        gate.open(2)
        #expect(try await first == [10, 11])
        #expect(try await queue.encode(self.text(30)) == [30, 31])
        #expect(gate.seen.map { $0.map { $0[0] } } == [[10], [30]])
        queue.stop()
    }

    /// A batch waits for as many requests as the last one had, not for its time to be over.
    @Test func clientsThatAskAgainAreComputedTogether() async throws {
        let gate = Gate()
        var limits = ServingLimits()
        // Were this waited out, the test would take a minute.
        limits.batchWait = 60_000
        let queue = queue(gate, limits: limits)
        async let first = queue.encode(text(10))
        await until { gate.seen.count == 1 }
        async let second = queue.encode(text(20))
        async let third = queue.encode(text(30))
        await until { queue.depth.texts == 2 }
        gate.open(2)
        _ = try await (first, second, third)
        gate.open()
        async let fourth = queue.encode(text(40))
        async let fifth = queue.encode(text(50))
        _ = try await (fourth, fifth)
        #expect(gate.seen.map(\.count) == [1, 2, 2])
        queue.stop()
    }

    @Test func anAnswerThatTakesTooLong() async throws {
        let gate = Gate()
        let queue = queue(gate)
        let text = text(10)
        await #expect(throws: APIError.computingTooSlow(0.001)) {
            try await withTimeLimit(0.001, APIError.computingTooSlow(0.001)) {
                try await queue.encode(text)
            }
        }
        gate.open()
        queue.stop()
    }
}
