import ArgumentParser
import Foundation
import Simile

struct New: Subcommand {
    static let examples = [
        "simile new start.h5 --texts texts.txt --vocabulary-size 8000"
    ]
    static let configuration = CommandConfiguration(
        abstract:
            "Makes a model from scratch: a WordPiece vocabulary of your texts and random weights.",
        discussion: "For experiments and tests: a pretrained model gives far better embeddings.",
        examples: examples)

    @Argument(help: "The checkpoint to write (.h5).", completion: .file(extensions: ["h5"]))
    var output: String
    @Option(
        help: "A text file to learn the vocabulary from; may be repeated.", completion: .file())
    var texts: [String]
    @OptionGroup var shape: NewModelOptions
    @Option(help: "The longest sentence in tokens.")
    var maxSeqLength = 128
    @Option(
        help: "A file of tokens to add to the vocabulary, one a line.", completion: .file())
    var addTokens: String?
    @Option(help: "Decides the weights.")
    var seed: UInt64 = 42
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        try NewModelOptions.require(maxSeqLength, "max-seq-length", 3...16384)
    }

    func run() throws {
        var model = try shape.model(
            of: TextLines.read(texts), maxSequenceLength: maxSeqLength, seed: seed)
        if let addTokens { model = try TokenFile.add(addTokens, to: model, note: Console.note) }
        let url = URL(filePath: output)
        try? FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Checkpoint.write(model, to: url)
        Console.note(
            "\(output): \(model.tokenizer.vocabularySize) tokens, \(shape.layers) layers of \(shape.hiddenSize), random weights"
        )
    }
}
