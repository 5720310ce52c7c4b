import ArgumentParser
import Foundation
import Simile

struct Import: Subcommand {
    static let examples = ["simile import all-MiniLM-L6-v2 minilm.h5"]
    static let configuration = CommandConfiguration(
        abstract: "Writes a model as one HDF5 checkpoint.", examples: examples)

    @Argument(
        help: "A Hugging Face or sentence-transformers folder, or a checkpoint.",
        completion: .file())
    var model: String
    @Argument(
        help: "The checkpoint to write (.h5).", completion: .file(extensions: ["h5", "hdf5"]))
    var output: String
    @Option(help: "How the weights are stored: f32, or f16 for half the size.")
    var type = Checkpoint.WeightType.f32
    @OptionGroup var written: WrittenModel
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        try written.requireFree(output)
        let model = try ModelPath.open(model)
        try Checkpoint.write(model, to: URL(filePath: output), type: type)
        try written.show(output, "checkpoint", "a checkpoint", of: model)
    }
}

extension Checkpoint.WeightType: ExpressibleByArgument {}
