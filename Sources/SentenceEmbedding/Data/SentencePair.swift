/// Two sentences and what is known about the pair.
public struct SentencePair<Label: Sendable>: Sendable {
    /// The first sentence (the premise), exactly as in the source.
    public let first: String
    /// The second sentence (the hypothesis), exactly as in the source.
    public let second: String
    /// A score in 0...1 (`Float`) or a class id from 0 (`Int32`).
    public let label: Label
    // 32 bits: a million pairs are kept, and the number is only read for messages.
    private let storedLine: UInt32

    /// The line of the source on which the pair starts, from 1; 0 when it came from no file.
    public var line: Int { Int(storedLine) }

    /// Creates a pair.
    public init(_ first: String, _ second: String, label: Label, line: Int = 0) {
        self.first = first
        self.second = second
        self.label = label
        storedLine = UInt32(clamping: line)
    }
}

extension SentencePair: Equatable where Label: Equatable {}

/// Sentence pairs in the order of their source, all in memory.
public struct PairDataset<Label: Sendable>: RandomAccessCollection, Sendable {
    /// Where the pairs came from: a path, or a name given by the program.
    public let name: String
    /// The pairs.
    public let pairs: [SentencePair<Label>]
    /// A 64-bit digest of all texts and labels, in order.
    ///
    /// A resumed run compares it with the digest stored in its checkpoint. It guards against
    /// mistakes, not against an adversary.
    public let digest: UInt64

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of pairs.
    public var endIndex: Int { pairs.count }
    /// The pair at an index from 0.
    public subscript(index: Int) -> SentencePair<Label> { pairs[index] }

    /// Creates a dataset; `labelBits` turns a label into the bits that enter the digest.
    public init(
        name: String, pairs: [SentencePair<Label>], labelBits: (Label) -> UInt64
    ) {
        self.name = name
        self.pairs = pairs
        var digest = ContentDigest()
        for pair in pairs {
            digest.add(pair.first)
            digest.add(pair.second)
            digest.add(labelBits(pair.label))
        }
        self.digest = digest.value
    }
}

extension PairDataset where Label == Float {
    /// Creates a dataset of pairs scored in 0...1.
    public init(name: String, pairs: [SentencePair<Float>]) {
        self.init(name: name, pairs: pairs) { UInt64($0.bitPattern) }
    }
}

extension PairDataset where Label == Int32 {
    /// Creates a dataset of pairs with class ids from 0.
    public init(name: String, pairs: [SentencePair<Int32>]) {
        self.init(name: name, pairs: pairs) { UInt64(UInt32(bitPattern: $0)) }
    }
}
