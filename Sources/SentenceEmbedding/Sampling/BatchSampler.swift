import Support

/// Decides which rows form which batch, and in which order.
///
/// A sampler is a pure function of its settings, the rows and the epoch, so that a resumed run continues with
/// the batches that an uninterrupted one would have seen. A new one is a file of its own and its name in
/// `BatchSamplers.all`.
public protocol BatchSampler: Sendable {
    /// The name in recipes.
    static var name: String { get }
    /// The number of rows in a batch; some may have fewer.
    var batchSize: Int { get }

    /// Creates a sampler.
    ///
    /// - Throws: `SamplerError.batchSize` for a size that it cannot make.
    init(batchSize: Int, seed: UInt64) throws(SamplerError)

    /// What is wrong with the rows, in a phrase that goes on "`NAME` needs ..."; nil when nothing is.
    func problem(with table: SamplerInput) -> String?

    /// The batches of an epoch, from 0: every row at most once, in batches of at most `batchSize`.
    ///
    /// How many there are may differ from epoch to epoch.
    func batches(of table: SamplerInput, epoch: Int) -> RowBatches
}

extension BatchSampler {
    /// Nothing is.
    public func problem(with table: SamplerInput) -> String? { nil }
}

/// What samplers may ask of rows, which are numbered from 0. What a table cannot tell is nil.
public struct SamplerInput {
    /// The number of rows.
    public let count: Int
    /// The number of tokens in a row, over all its texts.
    public let lengths: ((_ row: Int) -> Int)?
    /// A 64-bit hash of every text of a row, in any order; equal texts have equal hashes whatever their column.
    public let textHashes: ((_ row: Int) -> [UInt64])?
    /// The class of a row.
    public let label: ((_ row: Int) -> Int)?

    /// Describes rows.
    public init(
        count: Int, lengths: ((_ row: Int) -> Int)? = nil,
        textHashes: ((_ row: Int) -> [UInt64])? = nil, label: ((_ row: Int) -> Int)? = nil
    ) {
        self.count = count
        self.lengths = lengths
        self.textHashes = textHashes
        self.label = label
    }
}

/// The rows in the random order of an epoch.
func shuffledRows(count: Int, seed: UInt64, epoch: Int) -> [UInt32] {
    var rows = (0..<count).map { UInt32($0) }
    var generator = SplitMix64(seed: seed, stream: 1, epoch: epoch)
    generator.shuffle(&rows)
    return rows
}
