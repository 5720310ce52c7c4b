/// What is computed at a time: texts of several requests.
struct EncodingBatch: Sendable {
    /// Where each sequence comes from: the request, and which of its texts it is.
    var places: [(request: Int, text: Int)] = []
    var ids: [[Int32]] = []
    let unpooledTokens: Int
    var tokens = 0

    /// How many requests have a text in it.
    var requests: Int { Set(places.map(\.request)).count }
}

/// Requests with texts that are not computed yet.
///
/// They take turns, text by text, so that one of thousands of texts does not hold up those behind it.
struct WaitingRequests {
    private struct Entry {
        let request: Int
        let sequences: TokenSequences
        var next = 0
        var isDone: Bool { next == sequences.ids.count }
    }

    /// In the order of their turns.
    private var entries: [Entry] = []
    private(set) var texts = 0
    private(set) var tokens = 0

    var count: Int { entries.count }

    /// Adds a request, which must have a text.
    mutating func add(_ request: Int, _ sequences: TokenSequences) {
        precondition(!sequences.ids.isEmpty, "a request without texts")
        entries.append(Entry(request: request, sequences: sequences))
        texts += sequences.ids.count
        tokens += sequences.tokens
    }

    /// Takes out what is left of a request.
    mutating func remove(_ request: Int) {
        guard let index = entries.firstIndex(where: { $0.request == request }) else { return }
        let entry = entries.remove(at: index)
        for ids in entry.sequences.ids[entry.next...] {
            texts -= 1
            tokens -= ids.count
        }
    }

    /// Takes texts of up to `budget` tokens, or one that is longer; nil when nothing waits.
    mutating func takeBatch(tokens budget: Int) -> EncodingBatch? {
        guard let first = entries.first else { return nil }
        var batch = EncodingBatch(unpooledTokens: first.sequences.unpooledTokens)
        var turn = 0
        while let index = nextTurn(from: turn, unpooledTokens: batch.unpooledTokens) {
            let entry = entries[index]
            let ids = entry.sequences.ids[entry.next]
            turn = index
            if !batch.ids.isEmpty && batch.tokens + ids.count > budget { break }
            batch.places.append((entry.request, entry.next))
            batch.ids.append(ids)
            batch.tokens += ids.count
            entries[index].next += 1
            turn = index + 1
        }
        texts -= batch.ids.count
        tokens -= batch.tokens
        // Those that had no turn come first, then the one whose turn it was.
        let served = Set(batch.places.map(\.request))
        let order = entries[min(turn, entries.count)...] + entries[..<min(turn, entries.count)]
        entries =
            order.filter { !served.contains($0.request) }
            + order.filter { served.contains($0.request) && !$0.isDone }
        return batch
    }

    /// The next entry, round and round from `turn`, that has a text for the batch.
    private func nextTurn(from turn: Int, unpooledTokens: Int) -> Int? {
        let order = (turn..<entries.count + turn).lazy.map { $0 % entries.count }
        return order.first {
            !entries[$0].isDone && entries[$0].sequences.unpooledTokens == unpooledTokens
        }
    }
}
