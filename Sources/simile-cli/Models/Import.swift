import ArgumentParser
import Foundation
import Simile

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model's folder as one HDF5 checkpoint.")

    @Argument(help: "A Hugging Face or sentence-transformers folder.")
    var model: String
    @Argument(help: "The checkpoint to write (.h5).")
    var output: String

    func run() throws {
        try Checkpoint.write(
            ModelPath.open(model), to: URL(filePath: output))
        Console.note("\(output): a checkpoint")
    }
}
