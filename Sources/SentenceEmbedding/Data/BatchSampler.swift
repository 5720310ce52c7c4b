import Support

/// Decides which pairs form which batch, and in which order.
///
/// A sampler is a pure function of its settings and the epoch, so that a resumed run continues with
/// the batches that an uninterrupted one would have seen.
public protocol BatchSampler: Sendable {
    /// The number of pairs in a batch; the last of an epoch may have fewer.
    var batchSize: Int { get }

    /// The batches of an epoch: every index in `0..<count` once, in ceil(count / batchSize) batches.
    ///
    /// - Parameters:
    ///   - count: The number of pairs in the dataset.
    ///   - lengths: The number of tokens in a pair, where known; a hint, and only read if needed.
    ///   - epoch: The epoch, from 0.
    func batches(count: Int, lengths: ((Int) -> Int)?, epoch: Int) -> [[Int]]
}

/// Takes the pairs in a random order that differs from epoch to epoch; the default for training.
public struct ShuffledBatchSampler: BatchSampler {
    /// The number of pairs in a batch.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64

    /// Creates a sampler; `batchSize` must be above 0.
    public init(batchSize: Int, seed: UInt64) {
        precondition(batchSize > 0, "batch size \(batchSize): it must be above 0")
        self.batchSize = batchSize
        self.seed = seed
    }

    /// The batches of an epoch in its random order; lengths are not used.
    public func batches(count: Int, lengths: ((Int) -> Int)?, epoch: Int) -> [[Int]] {
        chunks(shuffledIndices(count: count, seed: seed, epoch: epoch), of: batchSize)
    }
}

/// Puts pairs of similar length together, so that less time and memory go to the longest of a batch.
///
/// The pairs are shuffled, sorted by length within windows of `windowBatches` batches, cut into
/// batches, and the batches shuffled, except that the batch with the most tokens comes first: a run
/// that is too large for the memory then fails at once. Batches are no longer independent samples
/// of the data; where quality matters more than speed, prefer `ShuffledBatchSampler`.
public struct LengthGroupedBatchSampler: BatchSampler {
    /// The number of pairs in a batch.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64
    /// The number of batches sorted together.
    public let windowBatches: Int

    /// Creates a sampler; `batchSize` and `windowBatches` must be above 0.
    public init(batchSize: Int, seed: UInt64, windowBatches: Int = 50) {
        precondition(batchSize > 0, "batch size \(batchSize): it must be above 0")
        precondition(windowBatches > 0, "window of \(windowBatches) batches: it must be above 0")
        self.batchSize = batchSize
        self.seed = seed
        self.windowBatches = windowBatches
    }

    /// The batches of an epoch; without lengths, those of `ShuffledBatchSampler`.
    public func batches(count: Int, lengths: ((Int) -> Int)?, epoch: Int) -> [[Int]] {
        let shuffled = shuffledIndices(count: count, seed: seed, epoch: epoch)
        guard let lengths else { return chunks(shuffled, of: batchSize) }
        var batches: [[Int]] = []
        let (product, overflow) = batchSize.multipliedReportingOverflow(by: windowBatches)
        for window in chunks(shuffled, of: overflow ? count : product) {
            // Ties keep their shuffled order: written out, since sort promises no stability.
            let sorted = window.enumerated().map { (lengths($0.element), $0.offset, $0.element) }
                .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            batches += chunks(sorted.map(\.2), of: batchSize)
        }
        var generator = SplitMix64(seed: seed, stream: 2, epoch: epoch)
        generator.shuffle(&batches)
        let sizes = batches.map { $0.reduce(0) { $0 + lengths($1) } }
        if let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) {
            batches.swapAt(0, largest)
        }
        return batches
    }
}

private func shuffledIndices(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var indices = Array(0..<count)
    var generator = SplitMix64(seed: seed, stream: 1, epoch: epoch)
    generator.shuffle(&indices)
    return indices
}

private func chunks(_ indices: [Int], of size: Int) -> [[Int]] {
    let size = max(1, min(size, indices.count))
    return stride(from: 0, to: indices.count, by: size).map {
        Array(indices[$0..<min($0 + size, indices.count)])
    }
}
