/// Takes the rows in a random order that differs from epoch to epoch; the default for training.
///
/// Every row is used once, in the fewest batches.
public struct ShuffledBatchSampler: BatchSampler {
    /// `shuffled`
    public static let name = "shuffled"
    /// The number of rows in a batch; the last of an epoch may have fewer.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64

    /// Creates a sampler; `batchSize` must be above 0.
    public init(batchSize: Int, seed: UInt64) {
        precondition(batchSize > 0, "batch size \(batchSize): it must be above 0")
        self.batchSize = batchSize
        self.seed = seed
    }

    /// The batches of an epoch in its random order; nothing of the rows is asked for.
    public func batches(of table: SamplerInput, epoch: Int) -> RowBatches {
        RowBatches(shuffledRows(count: table.count, seed: seed, epoch: epoch), of: batchSize)
    }
}
