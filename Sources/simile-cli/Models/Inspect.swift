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
        let model = try checkpoint?.model(base: ModelPath.base) ?? ModelPath.open(self.model)
        let configuration = model.bert.configuration
        try Console.print(
            """
            encoder          BERT, \(configuration.layerCount) layers, hidden \(configuration.hiddenSize), \
            \(configuration.headCount) heads, feed-forward \(configuration.intermediateSize) \
            (\(configuration.hiddenActivation.rawValue))
            parameters       \(model.parameterCount)
            vocabulary       \(model.tokenizer.vocabularySize) tokens
            max length       \(model.maxSequenceLength) tokens
            pooling          \(model.pooling.modes.map(\.rawValue).joined(separator: ", "))\
            \(Self.modules(model))
            embedding        \(model.embeddingDimension) numbers
            similarity       \(model.settings.similarity.rawValue)
            """)
        if let adapters = model.adapters {
            try Console.print(
                "adapters         LoRA of rank \(adapters.configuration.rank) on \(adapters.configuration.targetModules.joined(separator: ", ")), of \(adapters.base)"
            )
        }
        for name in model.settings.promptNames {
            let isDefault = name == model.settings.defaultPromptName
            try Console.print(
                "prompt           \(name): '\(model.settings.prompt(named: name))'\(isDefault ? ", the default" : "")"
            )
        }
        if !model.parameters.initialized.isEmpty {
            try Console.print(
                "not in the file  \(model.parameters.initialized.joined(separator: ", ")) (unused by embeddings)"
            )
        }
        do { try model.requireFinite() } catch {
            try Console.print("not finite       \(error)")
        }
        if let checkpoint, checkpoint.isOfRun {
            let losses = try checkpoint.losses(for: model).sorted { $0.key < $1.key }
            let names = losses.map(\.value.name).joined(separator: ", ")
            let state = try checkpoint.state()
            try Console.print(
                "trained with     the \(names) loss\(losses.count == 1 ? "" : "es"), \(state.step) steps, \(state.epoch) whole epochs"
            )
            if let best = state.bestScore, let step = state.bestStep {
                try Console.print("best evaluation  \(best.fixed(4)) at step \(step)")
            }
        }
        if parameters {
            for part in model.allParameters.flatMap(\.parts) {
                try Console.print("\(part.name) \(part.shape)")
            }
        }
    }

    /// What comes after the pooling, in words; empty when there is nothing.
    static func modules(_ model: SentenceTransformer) -> String {
        model.modules.map { module in
            switch module {
            case .dense(let layer):
                ", then dense \(layer.inputs) to \(layer.outputs) (\(layer.activation.rawValue))"
            case .normalize: ", then normalised"
            case .dropout(let probability): ", then dropout of \(probability) in training"
            }
        }.joined()
            + (model.embeddingDimension < model.wholeDimension
                ? ", then the first \(model.embeddingDimension) of \(model.wholeDimension) numbers"
                : "")
    }
}
