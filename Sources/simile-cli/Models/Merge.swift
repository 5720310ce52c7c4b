import ArgumentParser
import Foundation
import Simile

struct Merge: Subcommand {
    static let examples = [
        "simile merge run-1 run-2 run-3 --output merged",
        "simile merge run-1 run-2 --weights 0.7,0.3 --output merged",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Averages the weights of models that were trained from the same one.",
        discussion:
            "Writes a sentence-transformers folder. The models have one shape and one vocabulary; what else they have, such as prompts, is the first one's.",
        examples: examples)

    @Argument(help: "Two models or more: folders, runs or checkpoints.", completion: .file())
    var models: [String]
    @Option(
        help:
            "How much each model counts, by the sum of all: numbers above 0 separated by commas; by default all the same."
    )
    var weights: String?
    @Option(
        name: .shortAndLong,
        help: "The folder to write; a model that is there is replaced as a whole.",
        completion: .directory)
    var output: String
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let weights = try self.weights.map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let weight = Double(part.trimmingCharacters(in: .whitespaces)) else {
                    throw ValidationError(
                        "--weights is '\(text)'; expected numbers separated by commas, such as 0.7,0.3"
                    )
                }
                return weight
            }
        }
        let merged = try SentenceTransformer.merging(models.map(ModelPath.open), weights: weights)
        let card = ModelCard(
            merged,
            mergedFrom: models.enumerated().map { index, path in
                (name(path), weights?[index] ?? 1)
            })
        try merged.write(to: URL(filePath: output), modelCard: card.text)
        for note in merged.notes { Console.note(note) }
        Console.note("\(output): the average of \(models.count) models")
    }
    /// The end of a path that tells models apart: every run calls its own `model`.
    private func name(_ path: String) -> String {
        let url = URL(filePath: path)
        return url.lastPathComponent == "model"
            ? url.pathComponents.suffix(2).joined(separator: "/") : url.lastPathComponent
    }
}
