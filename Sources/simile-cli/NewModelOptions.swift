import ArgumentParser
import Simile

/// The shape of a model from scratch.
struct NewModelOptions: ParsableArguments {
    @Option(help: "Tokens in the vocabulary of a new model.")
    var vocabularySize = 2000
    @Option(help: "Width of a token's vector of a new model.")
    var hiddenSize = 128
    @Option(help: "Encoder layers of a new model.")
    var layers = 2
    @Option(help: "Attention heads of a new model; must divide the hidden size.")
    var heads = 4
    @Option(
        help:
            "Width of the feed-forward layers of a new model; by default four times the hidden size."
    )
    var intermediateSize: Int?

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
