/// Which part of a batch a tape computes, so that dropout acts on each row as it would in the whole batch.
///
/// A batch that is too large for the memory is computed in parts; with the same seed and its own part each, their tapes
/// drop the same elements as one tape would on all of it.
public struct BatchPart: Sendable, Equatable {
    /// The rows of the batch's token vectors that this part has.
    public let tokens: Range<Int>
    /// The sequences of the batch that this part has.
    public let sequences: Range<Int>

    /// Describes a part.
    public init(tokens: Range<Int>, sequences: Range<Int>) {
        self.tokens = tokens
        self.sequences = sequences
    }

    /// Where the first row of a tensor with `count` rows, one for each token or one for each sequence, stands in the
    /// whole batch.
    func firstRow(of count: Int) -> Int {
        precondition(
            count == tokens.count || count == sequences.count,
            "dropout on \(count) rows in a part of \(tokens.count) tokens and \(sequences.count) sequences"
        )
        return count == tokens.count ? tokens.lowerBound : sequences.lowerBound
    }
}
