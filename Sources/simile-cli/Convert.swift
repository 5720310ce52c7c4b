import ArgumentParser
import Foundation
import Simile

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model as a sentence-transformers folder.")

    @Argument(help: "A checkpoint, or a model's folder.")
    var model: String
    @Argument(help: "The folder to write; one with a model in it is replaced as a whole.")
    var output: String

    func run() throws {
        let model = try SentenceTransformer(path: ModelPath.resolve(model))
        try model.write(to: URL(filePath: output), modelCard: ModelCard(model).text)
        Console.note("\(output): a sentence-transformers folder")
    }
}

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model's folder as one HDF5 checkpoint.")

    @Argument(help: "A Hugging Face or sentence-transformers folder.")
    var model: String
    @Argument(help: "The checkpoint to write (.h5).")
    var output: String

    func run() throws {
        try Checkpoint.write(
            SentenceTransformer(path: ModelPath.resolve(model)), to: URL(filePath: output))
        Console.note("\(output): a checkpoint")
    }
}
