/// Makes batches in which no two rows share a text, in whatever columns it stands; for losses whose negatives
/// are the other rows of the batch.
///
/// The rows are taken in a random order. One that shares a text with the batch is put off to a later batch,
/// before which it keeps its place in the order. A batch ends when it is full or when no row that is left fits;
/// so some may be shorter. Every row is used once. With the same order these are the batches of
/// sentence-transformers' sampler of this name, which looks at every row that was put off again for every
/// batch; here only those are looked at whose text has become free.
public struct NoDuplicatesBatchSampler: BatchSampler {
    /// `no_duplicates`
    public static let name = "no_duplicates"
    /// The number of rows in a batch; some may have fewer.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64

    /// Creates a sampler; `batchSize` must be above 0.
    public init(batchSize: Int, seed: UInt64) {
        precondition(batchSize > 0, "batch size \(batchSize): it must be above 0")
        self.batchSize = batchSize
        self.seed = seed
    }

    /// Texts.
    public func problem(with table: SamplerInput) -> String? {
        table.textHashes == nil ? "rows with texts" : nil
    }

    /// The batches of an epoch; the rows must have texts.
    public func batches(of table: SamplerInput, epoch: Int) -> RowBatches {
        batches(of: table, inOrder: shuffledRows(count: table.count, seed: seed, epoch: epoch))
    }

    func batches(of table: SamplerInput, inOrder order: [UInt32]) -> RowBatches {
        guard let textHashes = table.textHashes else {
            preconditionFailure("\(Self.name) needs \(problem(with: table) ?? "")")
        }
        var batches = RowBatches()
        var deferred = DeferredRows()
        var unseen = 0
        var texts: Set<UInt64> = []
        while unseen < order.count || !deferred.isEmpty {
            var batch: [Int] = []
            texts.removeAll(keepingCapacity: true)
            while batch.count < batchSize {
                let position: Int
                // Those that were put off stand before all that were not seen.
                if let first = deferred.popFirst(besides: texts) {
                    position = first
                } else if unseen < order.count {
                    position = unseen
                    unseen += 1
                } else {
                    break
                }
                let row = Int(order[position])
                let hashes = textHashes(row)
                if let text = hashes.first(where: texts.contains) {
                    deferred.add(position, waitingFor: text)
                } else {
                    batch.append(row)
                    texts.formUnion(hashes)
                }
            }
            batches.append(batch)
            deferred.beginBatch()
        }
        return batches
    }
}

/// Rows that were put off, by their position in the order, each in the queue of a text that it shares with a
/// row that was taken before it.
///
/// While a text is in the batch its whole queue is passed over at once.
private struct DeferredRows {
    /// The front of a queue; out of date when that has another front by now.
    private struct Front: Comparable {
        let position: Int
        let text: UInt64
        static func < (a: Front, b: Front) -> Bool { a.position < b.position }
    }

    private var queues: [UInt64: MinimumHeap<Int>] = [:]
    private var fronts = MinimumHeap<Front>()
    /// The texts whose queues must wait for the next batch.
    private var waiting: Set<UInt64> = []

    var isEmpty: Bool { queues.isEmpty }

    /// Removes the first position whose queue's text is none of `texts`.
    mutating func popFirst(besides texts: Set<UInt64>) -> Int? {
        while let front = fronts.popMinimum() {
            guard queues[front.text]?.minimum == front.position else { continue }
            if texts.contains(front.text) {
                waiting.insert(front.text)
                continue
            }
            _ = queues[front.text]?.popMinimum()
            offer(front.text)
            return front.position
        }
        return nil
    }

    /// Puts a position off while `text`, which is in the batch, is.
    mutating func add(_ position: Int, waitingFor text: UInt64) {
        queues[text, default: MinimumHeap()].insert(position)
        waiting.insert(text)
    }

    /// Offers every queue again.
    mutating func beginBatch() {
        for text in waiting { offer(text) }
        waiting.removeAll()
    }

    private mutating func offer(_ text: UInt64) {
        if let position = queues[text]?.minimum {
            fronts.insert(Front(position: position, text: text))
        } else {
            queues[text] = nil
        }
    }
}
