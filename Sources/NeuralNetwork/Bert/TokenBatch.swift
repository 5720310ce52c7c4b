import Tensors

/// Token sequences laid end to end: no padding, no mask.
public struct TokenBatch: Sendable {
    /// Every sequence's ids, one after the other: [tokens].
    public let ids: [Int32]
    /// Each token's place in its sequence, from 0: [tokens].
    public let positions: [Int32]
    /// Where each sequence begins.
    public let layout: SequenceLayout

    /// Packs sequences in the given order.
    public init(_ sequences: [[Int32]]) {
        ids = Array(sequences.joined())
        positions = sequences.flatMap { $0.indices.map(Int32.init) }
        layout = SequenceLayout(lengths: sequences.map(\.count))
    }
}
