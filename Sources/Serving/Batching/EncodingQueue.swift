import Foundation

/// Requests wait here for one thread, which computes texts of all of them together.
///
/// A batch starts at once when nothing is being computed. What comes meanwhile is the next one, which first waits a
/// moment if fewer requests are there than the last one had: their clients are likely to ask again.
final class EncodingQueue: @unchecked Sendable {
    /// Ids to embeddings, row after row.
    typealias Compute = @Sendable (_ ids: [[Int32]], _ unpooledTokens: Int) -> [Float]

    private struct Reply {
        let continuation: CheckedContinuation<[Float], any Error>
        var values: [Float]
        var missing: Int
    }

    private let limits: ServingLimits
    private let dimension: Int
    private let metrics: ServerMetrics
    private let condition = NSCondition()
    // Sendable, because these are used under the lock alone.
    private var waiting = WaitingRequests()
    private var replies: [Int: Reply] = [:]
    private var lastRequest = 0
    private var isStopped = false
    /// Tokens and seconds of what was computed so far.
    private var computed = (tokens: 0, seconds: 0.0)

    /// Starts the thread, which lives until `stop`.
    init(
        limits: ServingLimits, dimension: Int, metrics: ServerMetrics, compute: @escaping Compute
    ) {
        self.limits = limits
        self.dimension = dimension
        self.metrics = metrics
        let thread = Thread { self.work(compute) }
        thread.name = "simile-encoder"
        thread.start()
    }

    /// What waits.
    var depth: (texts: Int, tokens: Int) {
        condition.withLock { (waiting.texts, waiting.tokens) }
    }

    /// The embeddings of a request's texts, row after row.
    ///
    /// - Throws: `APIError.queueFull`, and `CancellationError` when the task is cancelled, whose texts are then not
    ///   computed.
    func encode(_ sequences: TokenSequences) async throws -> [Float] {
        let request = condition.withLock {
            lastRequest += 1
            return lastRequest
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if let refusal = enqueue(request, sequences, continuation) {
                    continuation.resume(throwing: refusal)
                }
            }
        } onCancel: {
            cancel(request)
        }
    }

    /// Lets the thread end when nothing waits any more.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.signal()
        }
    }

    private func enqueue(
        _ request: Int, _ sequences: TokenSequences,
        _ continuation: CheckedContinuation<[Float], any Error>
    ) -> (any Error)? {
        condition.withLock {
            // Under the lock, which `cancel` needs too: it comes after this, or has happened.
            if Task.isCancelled { return CancellationError() }
            if waiting.tokens > 0, waiting.tokens + sequences.tokens > limits.maxWaitingTokens {
                return APIError.queueFull(retryAfter: secondsToWait)
            }
            waiting.add(request, sequences)
            replies[request] = Reply(
                continuation: continuation,
                values: [Float](repeating: 0, count: sequences.ids.count * dimension),
                missing: sequences.ids.count)
            condition.signal()
            return nil
        }
    }

    private func cancel(_ request: Int) {
        let reply = condition.withLock {
            waiting.remove(request)
            return replies.removeValue(forKey: request)
        }
        reply?.continuation.resume(throwing: CancellationError())
    }

    /// Whole seconds that what waits will take, as far as it is known.
    private var secondsToWait: Int {
        let rate = computed.seconds > 0 ? Double(computed.tokens) / computed.seconds : 1000
        return min(60, max(1, Int((Double(waiting.tokens) / rate).rounded(.up))))
    }

    private func work(_ compute: Compute) {
        var requestsBefore = 1
        while let batch = nextBatch(after: requestsBefore) {
            let clock = ContinuousClock()
            let start = clock.now
            let values = compute(batch.ids, batch.unpooledTokens)
            let seconds = (clock.now - start) / .seconds(1)
            metrics.recordBatch(texts: batch.ids.count, tokens: batch.tokens, seconds: seconds)
            deliver(values, batch, seconds)
            requestsBefore = batch.requests
        }
    }

    /// Waits for something to compute; nil at the end.
    private func nextBatch(after requests: Int) -> EncodingBatch? {
        condition.withLock {
            while true {
                while waiting.count == 0 && !isStopped { condition.wait() }
                let deadline = Date(timeIntervalSinceNow: limits.batchWait / 1000)
                while waiting.count < requests, waiting.tokens < limits.batchTokens, !isStopped,
                    condition.wait(until: deadline)
                {}
                // What came may have been cancelled meanwhile.
                if let batch = waiting.takeBatch(tokens: limits.batchTokens) { return batch }
                if isStopped { return nil }
            }
        }
    }

    private func deliver(_ values: [Float], _ batch: EncodingBatch, _ seconds: Double) {
        let finished = condition.withLock {
            computed.tokens += batch.tokens
            computed.seconds += seconds
            var finished: [Reply] = []
            for (row, place) in batch.places.enumerated() {
                // Absent when the request was cancelled meanwhile.
                guard var reply = replies.removeValue(forKey: place.request) else { continue }
                let target = place.text * dimension
                reply.values.replaceSubrange(
                    target..<target + dimension,
                    with: values[row * dimension..<(row + 1) * dimension])
                reply.missing -= 1
                if reply.missing == 0 {
                    finished.append(reply)
                } else {
                    replies[place.request] = reply
                }
            }
            return finished
        }
        for reply in finished { reply.continuation.resume(returning: reply.values) }
    }
}
