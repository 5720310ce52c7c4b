import ArgumentParser
import Foundation
import Simile

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model as one HDF5 checkpoint.")

    @Argument(help: "A Hugging Face or sentence-transformers folder, or a checkpoint.")
    var model: String
    @Argument(help: "The checkpoint to write (.h5).")
    var output: String
    @Option(help: "How the weights are stored: f32, or f16 for half the size.")
    var type = Checkpoint.WeightType.f32

    func run() throws {
        try Checkpoint.write(
            ModelPath.open(model), to: URL(filePath: output), type: type)
        Console.note("\(output): a checkpoint")
    }
}

extension Checkpoint.WeightType: ExpressibleByArgument {}
