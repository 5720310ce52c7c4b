import ArgumentParser
import Simile

/// The shape of a model from scratch.
struct NewModelOptions: ParsableArguments {
    @Option(
        name: .customLong("vocabulary-size"),
        help: "Tokens in the vocabulary of a new model; 2000 by default.")
    private var statedVocabularySize: Int?
    @Option(
        name: .customLong("hidden-size"),
        help: "Width of a token's vector of a new model; 128 by default.")
    private var statedHiddenSize: Int?
    @Option(
        name: .customLong("layers"), help: "Encoder layers of a new model; 2 by default.")
    private var statedLayers: Int?
    @Option(
        name: .customLong("heads"),
        help: "Attention heads of a new model, which divide the hidden size; 4 by default.")
    private var statedHeads: Int?
    @Option(
        help:
            "Width of the feed-forward layers of a new model; by default four times the hidden size."
    )
    var intermediateSize: Int?

    var vocabularySize: Int { statedVocabularySize ?? 2000 }
    var hiddenSize: Int { statedHiddenSize ?? 128 }
    var layers: Int { statedLayers ?? 2 }
    var heads: Int { statedHeads ?? 4 }

    /// Whether any was given.
    var isStated: Bool {
        [statedVocabularySize, statedHiddenSize, statedLayers, statedHeads, intermediateSize]
            .contains { $0 != nil }
    }

    func validate() throws {
        // The sizes of the largest BERTs, with room.
        for (name, value, range) in [
            ("vocabulary-size", vocabularySize, 5...1_000_000),
            ("hidden-size", hiddenSize, 1...16384),
            ("layers", layers, 1...1000), ("heads", heads, 1...1024),
            ("intermediate-size", intermediateSize ?? 1, 1...65536),
        ] { try Self.require(value, name, range) }
    }

    static func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "--\(name) is \(value); expected \(range.lowerBound)...\(range.upperBound)")
        }
    }

    /// A model with a WordPiece vocabulary of some texts and random weights.
    func model(of texts: [String], maxSequenceLength: Int, seed: UInt64) throws
        -> SentenceTransformer
    {
        var configuration = BertConfiguration(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize, layerCount: layers,
            headCount: heads, intermediateSize: intermediateSize ?? 4 * hiddenSize)
        configuration.maxPositionEmbeddings = maxSequenceLength
        try configuration.validate()
        let vocabulary = try WordPieceTrainer(vocabularySize: vocabularySize).train(on: texts)
        configuration.vocabularySize = vocabulary.count
        return try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            source: .random(seed: seed))
    }
}
