import ArgumentParser
import Foundation
import Simile

struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Makes a model from scratch: a WordPiece vocabulary of your texts and random weights.",
        discussion: "For experiments and tests: a pretrained model gives far better embeddings.")

    @Argument(help: "The checkpoint to write (.h5).")
    var output: String
    @Option(help: "A text file to learn the vocabulary from; may be repeated.")
    var texts: [String]
    @Option(help: "Tokens in the vocabulary.")
    var vocabularySize = 2000
    @Option(help: "Width of a token's vector.")
    var hiddenSize = 128
    @Option(help: "Encoder layers.")
    var layers = 2
    @Option(help: "Attention heads; must divide the hidden size.")
    var heads = 4
    @Option(help: "Width of the feed-forward layers; by default four times the hidden size.")
    var intermediateSize: Int?
    @Option(help: "The longest sentence in tokens.")
    var maxSeqLength = 128
    @Option(help: "A file of tokens to add to the vocabulary, one a line.")
    var addTokens: String?
    @Option(help: "Decides the weights.")
    var seed: UInt64 = 42

    func validate() throws {
        // The sizes of the largest BERTs, with room.
        for (name, value, range) in [
            ("vocabulary-size", vocabularySize, 5...1_000_000),
            ("hidden-size", hiddenSize, 1...16384),
            ("layers", layers, 1...1000), ("heads", heads, 1...1024),
            ("intermediate-size", intermediateSize ?? 1, 1...65536),
            ("max-seq-length", maxSeqLength, 3...16384),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name) is \(value); expected \(range.lowerBound)...\(range.upperBound)")
        }
    }

    func run() throws {
        var lines: [String] = []
        for path in texts {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw CommandError.input(
                    "\(path): cannot be read, or is not UTF-8 text; check the path")
            }
            lines += text.split(whereSeparator: \.isNewline).map(String.init)
        }
        var configuration = BertConfiguration(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize, layerCount: layers,
            headCount: heads,
            intermediateSize: intermediateSize ?? 4 * hiddenSize)
        configuration.maxPositionEmbeddings = maxSeqLength
        try configuration.validate()
        let vocabulary = try WordPieceTrainer(vocabularySize: vocabularySize).train(on: lines)
        configuration.vocabularySize = vocabulary.count
        var model = try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            source: .random(seed: seed))
        if let addTokens { model = try TokenFile.add(addTokens, to: model, note: Console.note) }
        let url = URL(filePath: output)
        try? FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Checkpoint.write(model, to: url)
        Console.note(
            "\(output): \(model.tokenizer.vocabularySize) tokens, \(layers) layers of \(hiddenSize), random weights"
        )
    }
}
