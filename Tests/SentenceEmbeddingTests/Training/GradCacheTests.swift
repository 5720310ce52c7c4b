import ExampleFiles
import Losses
import ModelFolders
import NeuralNetwork
import Tensors
import Testing

@testable import SentenceEmbedding

/// Large batches computed in parts: the same loss, gradients and dropout as all at once.
@Suite struct GradCacheTests {
    static let losses = [
        "multiple_negatives_ranking", "multiple_negatives_symmetric_ranking", "mega_batch_margin",
        "contrastive_tension_in_batch", "cosent",
    ]

    private struct Step {
        var loss: Float = 0
        var gradients: [String: [Float]] = [:]
    }

    /// The first step's loss and gradients, with dropout.
    private func step(
        _ name: String, parts: Int?, modules: Bool = false, modifiers: LossModifiers = .init(),
        frozen: [String] = [], _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Step {
        let model = try TinyModel.make(
            pooling: modules ? [.mean, .max] : [.mean],
            dense: modules
                ? [DenseConfiguration(inputs: 64, outputs: 32, hasBias: true, activation: .tanh)]
                : [], normalizes: modules)
        model.parameters.freeze { name in frozen.contains(where: name.hasPrefix) }
        let data =
            name == "cosent"
            ? TinyModel.scored(24) : TinyModel.pairs("pairs.tsv", 24, 3, .none)
        let named = try EmbeddingObjective(named: name, data: data, model: model)
        let objective = try EmbeddingObjective(named.module, data: data, modifiers: modifiers)
        var configuration = TrainingConfiguration()
        configuration.batchSize = 24
        configuration.miniBatchSize = parts
        // Gradients are then as they were: no clipping, and weights that do not move.
        configuration.maxGradientNorm = 0
        change(&configuration)
        let trainer = try Trainer(
            model: model, objective: objective, configuration: configuration)
        let rows = Array(0..<24)
        var result = Step()
        result.loss = try trainer.step([Trainer.Batch(task: 0, rows: rows)]).loss
        for parameter in trainer.optimizer.parameters {
            result.gradients[parameter.name] = parameter.gradient?.values
        }
        return result
    }

    private func expectEqual(_ a: Step, _ b: Step, _ name: String) {
        #expect(abs(a.loss - b.loss) <= 1e-6 * max(1, abs(a.loss)), "\(name): the loss")
        #expect(Set(a.gradients.keys) == Set(b.gradients.keys))
        let largest = a.gradients.values.joined().map(abs).max() ?? 0
        // Sums over all tokens are formed in another order, which rounds the last bit or two differently.
        for (parameter, expected) in a.gradients {
            let found = b.gradients[parameter] ?? []
            let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
            #expect(
                found.count == expected.count && worst <= 2e-6 * max(1, largest),
                "\(name): \(parameter) is off by \(worst) of \(largest)")
        }
    }

    @Test(arguments: losses) func partsAreTheWhole(_ name: String) throws {
        let whole = try step(name, parts: nil)
        #expect(!whole.gradients.isEmpty)
        for size in [1, 7, 16, 47] { expectEqual(whole, try step(name, parts: size), name) }
        // Equal for that reason alone: dropout is there, and another seed's differs.
        #expect(try step(name, parts: 7) { $0.seed = 43 }.loss != whole.loss)
    }

    @Test func modulesAfterThePoolingToo() throws {
        let name = Self.losses[0]
        expectEqual(
            try step(name, parts: nil, modules: true), try step(name, parts: 5, modules: true), name
        )
    }

    @Test func withGradientCheckpointing() throws {
        let name = Self.losses[0]
        expectEqual(
            try step(name, parts: nil) { $0.gradientCheckpointing = true },
            try step(name, parts: 5) { $0.gradientCheckpointing = true }, name)
    }

    @Test func lossesAfterLowerLayersToo() throws {
        var modifiers = LossModifiers()
        modifiers.dimensions = [32, 8]
        modifiers.adaptiveLayer.isOn = true
        let name = Self.losses[0]
        let whole = try step(name, parts: nil, modifiers: modifiers)
        #expect(whole.loss != (try step(name, parts: nil).loss))
        expectEqual(whole, try step(name, parts: 5, modifiers: modifiers), name)
    }

    /// The outputs after frozen layers take no gradient, those after the others do.
    @Test func withFrozenLayers() throws {
        var modifiers = LossModifiers()
        modifiers.adaptiveLayer.isOn = true
        modifiers.adaptiveLayer.layersPerStep = -1
        let name = Self.losses[0]
        let frozen = ["embeddings.", "encoder.layer.0."]
        let whole = try step(name, parts: nil, modifiers: modifiers, frozen: frozen)
        #expect(whole.gradients.keys.allSatisfy { $0.hasPrefix("encoder.layer.1.") })
        expectEqual(
            whole, try step(name, parts: 5, modifiers: modifiers, frozen: frozen), name)
    }

    @Test func partsOfAFrozenEncoder() throws {
        let model = try TinyModel.make()
        model.parameters.freeze { _ in true }
        let objective = try TinyModel.softmax(model, TinyModel.labelled(24))
        var configuration = TrainingConfiguration()
        configuration.batchSize = 24
        configuration.miniBatchSize = 5
        configuration.maxSteps = 2
        let before = model.parameters.bits
        let head = objective.module.parameters.bits
        try Trainer(model: model, objective: objective, configuration: configuration).run()
        #expect(model.parameters.bits == before)
        #expect(objective.module.parameters.bits != head)
    }
}
