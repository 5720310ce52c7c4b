import ArgumentParser
import Foundation
import Simile

struct Student: Subcommand {
    static let examples = [
        "simile student run student --keep-layers 0,2,4",
        "simile student run student.h5 --hidden-size 192 --layers 3",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Makes a smaller model that begins with parts of a larger one, its teacher.",
        discussion: """
            Either with some of the teacher's layers (--keep-layers), or of another shape (--hidden-size and what follows \
            it), whose embeddings of tokens begin as projections of the teacher's. Tokenizer, pooling, prompts and \
            maximal length are the teacher's; with --texts a vocabulary of these texts replaces the teacher's. Then \
            'simile train --teacher' has it learn from its teacher.
            """, examples: examples)

    @Argument(help: "The teacher: a model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(
        help: "The student to write: a checkpoint (.h5), or a folder.", completion: .file())
    var output: String
    @Option(help: "The numbers of the layers to keep, from 0, such as 0,2,4.")
    var keepLayers: String?
    @Option(help: "Width of a token's vector, at most the teacher's.")
    var hiddenSize: Int?
    @Option(help: "Encoder layers; 2 by default.")
    var layers: Int?
    @Option(help: "Attention heads; must divide the hidden size; by default one for each 64.")
    var heads: Int?
    @Option(help: "Width of the feed-forward layers; by default four times the hidden size.")
    var intermediateSize: Int?
    @Option(
        help: "A file of texts, one a line, to learn a vocabulary of its own from; may be repeated."
    )
    var texts: [String] = []
    @Option(help: "Tokens in that vocabulary; 8000 by default.")
    var vocabularySize: Int?
    @Option(help: "Decides the random weights; 42 by default.")
    var seed: UInt64?
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if keepLayers != nil, hiddenSize != nil {
            throw ValidationError("give --keep-layers or --hidden-size, not both")
        }
        if keepLayers == nil, hiddenSize == nil {
            throw ValidationError("give --keep-layers 0,2,4, or --hidden-size and what follows it")
        }
        for (name, value, range) in [
            ("hidden-size", hiddenSize, 1...16384), ("layers", layers, 1...1000),
            ("heads", heads, 1...1024), ("intermediate-size", intermediateSize, 1...65536),
            ("vocabulary-size", vocabularySize, 5...1_000_000),
        ] { if let value { try NewModelOptions.require(value, name, range) } }
        for (name, isGiven) in [
            ("layers", layers != nil), ("heads", heads != nil),
            ("intermediate-size", intermediateSize != nil), ("seed", seed != nil),
        ] where isGiven && hiddenSize == nil {
            throw ValidationError("--\(name) is for another shape: give --hidden-size too")
        }
        if vocabularySize != nil, texts.isEmpty {
            throw ValidationError(
                "--vocabulary-size is for a vocabulary of its own: give --texts FILE too")
        }
    }

    func run() throws {
        let whole = try ModelPath.open(model)
        let teacher = try texts.isEmpty ? whole : withOwnVocabulary(whole)
        let student: SentenceTransformer
        if let hiddenSize {
            student = try teacher.student(
                hiddenSize: hiddenSize, layerCount: layers ?? 2,
                headCount: heads ?? max(1, hiddenSize / 64),
                intermediateSize: intermediateSize ?? 4 * hiddenSize, seed: seed ?? 42)
        } else {
            student = try teacher.student(layers: try Self.numbers(keepLayers ?? ""))
        }
        try ModelOutput.write(student, to: output)
        for note in student.notes.dropFirst(whole.notes.count) { Console.note(note) }
        let shape = student.bert.configuration
        Console.note(
            "\(output): \(shape.layerCount) layers of \(shape.hiddenSize); \(student.parameterCount) parameters instead of \(whole.parameterCount)"
        )
    }

    private func withOwnVocabulary(_ teacher: SentenceTransformer) throws -> SentenceTransformer {
        let trainer = WordPieceTrainer(
            vocabularySize: vocabularySize ?? 8000, configuration: teacher.tokenizer.configuration)
        return try teacher.replacingVocabulary(try trainer.train(on: TextLines.read(texts)))
    }

    private static func numbers(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError(
                    "--keep-layers is \(text); expected numbers with commas between them, such as 0,2,4"
                )
            }
            return number
        }
    }
}
