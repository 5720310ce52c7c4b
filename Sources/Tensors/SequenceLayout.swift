/// Where each sequence begins in a packed batch: sequences lie end to end, without padding.
public struct SequenceLayout: Sendable, Equatable {
    /// First row of each sequence, then the number of rows: [sequences + 1], as in FlashAttention.
    public let cuSeqlens: [Int]

    /// Creates the layout of sequences of these lengths.
    public init(lengths: some Sequence<Int>) {
        var offsets = [0]
        for length in lengths {
            precondition(length >= 0, "a sequence has 0 or more tokens, got \(length)")
            offsets.append(offsets[offsets.count - 1] + length)
        }
        cuSeqlens = offsets
    }

    /// Number of sequences.
    public var count: Int { cuSeqlens.count - 1 }
    /// Number of rows of all sequences.
    public var rowCount: Int { cuSeqlens[cuSeqlens.count - 1] }
    /// The rows of a sequence.
    public func rows(of sequence: Int) -> Range<Int> {
        cuSeqlens[sequence]..<cuSeqlens[sequence + 1]
    }
    /// The length of every sequence.
    public var lengths: [Int] { (0..<count).map { rows(of: $0).count } }
}
