import Tokenization

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
    /// Where the pairs came from: a path, several with commas, or a name given by the program.
    public var name: String { files.map(\.name).joined(separator: ", ") }
    /// The pairs.
    public let pairs: [SentencePair<Label>]
    /// A 64-bit digest of all texts and labels, in order.
    ///
    /// A resumed run compares it with the digest stored in its checkpoint. It guards against
    /// mistakes, not against an adversary.
    public let digest: UInt64
    /// The sources in order, each with the index after its last pair.
    private let files: [(name: String, end: Int)]

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of pairs.
    public var endIndex: Int { pairs.count }
    /// The pair at an index from 0.
    public subscript(index: Int) -> SentencePair<Label> { pairs[index] }

    /// The names of the sources, in order.
    public var fileNames: [String] { files.map(\.name) }

    /// The source of the pair at an index.
    public func fileName(at index: Int) -> String {
        files.first { index < $0.end }?.name ?? name
    }

    /// Creates a dataset; `labelBits` turns a label into the bits that enter the digest.
    public init(
        name: String, pairs: [SentencePair<Label>], labelBits: (Label) -> UInt64
    ) {
        self.init(pairs: pairs, files: [(name, pairs.count)], labelBits)
    }

    /// Creates one table of several, in order.
    public init(joining parts: [PairDataset], labelBits: (Label) -> UInt64) {
        var end = 0
        let files = parts.map { part in
            end += part.count
            return (part.name, end)
        }
        self.init(pairs: parts.flatMap(\.pairs), files: files, labelBits)
    }

    private init(
        pairs: [SentencePair<Label>], files: [(String, Int)], _ labelBits: (Label) -> UInt64
    ) {
        self.pairs = pairs
        self.files = files
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

    /// Creates one table of several, in order.
    public init(joining parts: [PairDataset]) {
        self.init(joining: parts) { UInt64($0.bitPattern) }
    }
}

extension PairDataset where Label == Int32 {
    /// Creates a dataset of pairs with class ids from 0.
    public init(name: String, pairs: [SentencePair<Int32>]) {
        self.init(name: name, pairs: pairs) { UInt64(UInt32(bitPattern: $0)) }
    }

    /// Creates one table of several, in order.
    public init(joining parts: [PairDataset]) {
        self.init(joining: parts) { UInt64(UInt32(bitPattern: $0)) }
    }
}

extension PairDataset {
    /// Refuses sentences of which this tokenizer makes no token: their embedding would say nothing.
    ///
    /// - Throws: `PairFileError.malformed` naming the file and the line of the first one.
    public func requireTokens(of tokenizer: BertTokenizer) throws(PairFileError) {
        for (index, pair) in pairs.enumerated() {
            for (sentence, which) in [(pair.first, "first"), (pair.second, "second")]
            where tokenizer.isEmpty(sentence) {
                throw .malformed(
                    path: fileName(at: index), line: pair.line,
                    reason:
                        "the \(which) sentence is empty: the model's tokenizer makes no token of "
                        + "'\(sentence.prefix(40))'")
            }
        }
    }
}
