import ArgumentParser
import Foundation
import Simile

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model's folder or a checkpoint holds.")

    @Argument(help: "A model's folder or checkpoint.")
    var model: String
    @Flag(help: "List every parameter with its shape.")
    var parameters = false

    func run() throws {
        let path = try ModelPath.resolve(self.model)
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let checkpoint = isFolder.boolValue ? nil : try Checkpoint(URL(filePath: path))
        let model = try checkpoint?.model() ?? SentenceTransformer(path: path)
        let configuration = model.bert.configuration
        let count = model.parameters.reduce(0) { $0 + $1.shape.count }
        try Console.print(
            """
            encoder          BERT, \(configuration.layerCount) layers, hidden \(configuration.hiddenSize), \
            \(configuration.headCount) heads, feed-forward \(configuration.intermediateSize)
            parameters       \(count)
            vocabulary       \(model.tokenizer.vocabularySize) tokens
            max length       \(model.maxSequenceLength) tokens
            pooling          \(model.pooling.modes.map(\.rawValue).joined(separator: ", "))\
            \(Self.dense(model))\(model.normalizes ? ", then normalised" : "")
            embedding        \(model.embeddingDimension) numbers
            """)
        if !model.parameters.initialized.isEmpty {
            try Console.print(
                "not in the file  \(model.parameters.initialized.joined(separator: ", ")) (unused by embeddings)"
            )
        }
        do { try model.parameters.requireFinite() } catch {
            try Console.print("not finite       \(error)")
        }
        if let checkpoint, let loss = checkpoint.lossName {
            let state = try checkpoint.state()
            try Console.print(
                "trained with     the \(loss) loss, \(state.step) steps, \(state.epoch) whole epochs"
            )
            if let best = state.bestScore, let step = state.bestStep {
                try Console.print("best evaluation  \(best.fixed(4)) at step \(step)")
            }
        }
        if parameters {
            for part in model.parameters.flatMap(\.parts) {
                try Console.print("\(part.name) \(part.shape)")
            }
        }
    }

    /// The dense layers after the pooling, in words; empty when there are none.
    static func dense(_ model: SentenceTransformer) -> String {
        model.dense.map(\.configuration).map {
            ", then dense \($0.inputs) to \($0.outputs) (\($0.activation.rawValue))"
        }.joined()
    }
}
