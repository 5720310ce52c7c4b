import Support

/// Puts rows of similar length together, so that less time and memory go to the longest of a batch.
///
/// The rows are shuffled, sorted by length within windows of `windowBatches` batches, cut into batches, and the
/// batches shuffled, except that the batch with the most tokens comes first: a run that is too large for the
/// memory then fails at once. Every row is used once, in the fewest batches. Batches are no longer independent
/// samples of the data; where quality matters more than speed, prefer `ShuffledBatchSampler`.
public struct LengthGroupedBatchSampler: BatchSampler {
    /// `length_grouped`
    public static let name = "length_grouped"
    /// The number of rows in a batch; one of an epoch may have fewer.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64
    /// The number of batches sorted together.
    public let windowBatches: Int

    /// Creates a sampler that sorts 50 batches together; `batchSize` must be above 0.
    public init(batchSize: Int, seed: UInt64) {
        self.init(batchSize: batchSize, seed: seed, windowBatches: 50)
    }

    /// Creates a sampler; `batchSize` and `windowBatches` must be above 0.
    public init(batchSize: Int, seed: UInt64, windowBatches: Int) {
        precondition(batchSize > 0, "batch size \(batchSize): it must be above 0")
        precondition(windowBatches > 0, "window of \(windowBatches) batches: it must be above 0")
        self.batchSize = batchSize
        self.seed = seed
        self.windowBatches = windowBatches
    }

    /// The batches of an epoch; without lengths, those of `ShuffledBatchSampler`.
    public func batches(of table: SamplerInput, epoch: Int) -> RowBatches {
        var rows = shuffledRows(count: table.count, seed: seed, epoch: epoch)
        guard let lengths = table.lengths else { return RowBatches(rows, of: batchSize) }
        let (product, overflow) = batchSize.multipliedReportingOverflow(by: windowBatches)
        let window = max(1, overflow ? rows.count : min(product, rows.count))
        for start in stride(from: 0, to: rows.count, by: window) {
            let places = start..<min(start + window, rows.count)
            // Ties keep their shuffled order: written out, since sort promises no stability.
            let sorted = places.map { (lengths(Int(rows[$0])), $0, rows[$0]) }
                .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            rows.replaceSubrange(places, with: sorted.lazy.map(\.2))
        }
        var generator = SplitMix64(seed: seed, stream: 2, epoch: epoch)
        var batches = RowBatches(rows, of: batchSize)
        batches.reorder { generator.shuffle(&$0) }
        let sizes = batches.map { $0.reduce(0) { $0 + lengths($1) } }
        if let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) {
            batches.reorder { $0.swapAt(0, largest) }
        }
        return batches
    }
}
