import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Settings
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Regression of a learned function of a pair's difference: a loss that no list of the framework has.
private struct DifferenceLoss: Loss {
    struct Configuration: Settings {
        var weight: Float = 1
        static let settings = [
            Setting("weight", \Self.weight, .above(0), "What the squared error is multiplied by.")
        ]
        init() {}
    }

    static let name = "difference"
    static let columns = 2...2
    private let weight: Float
    private let head: Linear

    init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        weight = configuration.weight
        head = Linear(
            context.dimension, 1, in: scope / "head", weight: .normal(standardDeviation: 0.1))
    }

    func callAsFunction(_ embeddings: [Tensor], labels: [Float]) -> Tensor {
        let found = head((embeddings[0] - embeddings[1]).abs()).reshaped([labels.count])
        return (found - Tensor(labels)).squared().mean() * weight
    }
}

/// A loss of a user's own, and losses on data that are not what they need.
@Suite struct OwnLossTests {
    private func trainer(_ model: SentenceTransformer, _ module: LossModule) throws -> Trainer {
        try Trainer(
            model: model, objective: EmbeddingObjective(module, data: TinyModel.scored(32)),
            configuration: TinyTasks.configuration(epochs: 3))
    }

    @Test func itTrains() throws {
        #expect(!Losses.all.contains { $0.name == DifferenceLoss.name })
        let model = try TinyModel.make(dropout: 0)
        var settings = DifferenceLoss.Configuration()
        settings.weight = 2
        let objective = try EmbeddingObjective(
            DifferenceLoss.self, settings, data: TinyModel.scored(32), model: model)
        #expect(objective.module.settings == #"{"weight":2.0}"#)
        let before = objective.module.parameters.bits
        var configuration = TinyTasks.configuration(epochs: 60)
        configuration.learningRate = 3e-3
        let trainer = try Trainer(
            model: model, objective: objective, configuration: configuration)
        var losses: [Float] = []
        try trainer.run([OnEvent(step: { losses.append($0.loss) })])
        #expect(losses[losses.count - 1] < losses[0] / 10, "\(losses[0])")
        for (name, values) in before {
            #expect(objective.module.parameters.bits[name] != values, "\(name)")
        }
    }

    @Test func itsRunIsResumed() throws {
        let folder = TemporaryFolder()
        func module(_ model: SentenceTransformer, _ source: ParameterSource) throws -> LossModule {
            try LossModule(
                DifferenceLoss.self, context: LossContext(model, TinyModel.scored(32)),
                source: source)
        }
        func start() throws -> Trainer {
            let model = try TinyModel.make()
            return try trainer(model, module(model, .random(seed: 3)))
        }
        let whole = try start()
        try whole.run()
        let first = try start()
        try first.run([OnEvent(stopAfter: 5)])
        try Checkpoint.write(first, to: folder("a.h5"))
        let checkpoint = try Checkpoint(folder("a.h5"))
        let model = try checkpoint.model()
        let loss = try module(model, checkpoint.source(ofTask: TrainingTask.onlyName))
        try loss.parameters.validate()
        let second = try trainer(model, loss)
        try checkpoint.restore(second)
        try second.run()
        #expect(model.parameters.bits == whole.model.parameters.bits)
        #expect(
            loss.parameters.bits == whole.tasks[0].objective.module.parameters.bits)
        // By its name alone nobody finds it.
        let error = #expect(throws: CheckpointError.self) { try checkpoint.losses(for: model) }
        #expect(
            error?.description.contains("the loss of the task train cannot be understood") == true)
        #expect(error?.description.contains("there is no loss 'difference'") == true)
    }

    @Test func settingsOutOfRangeAreNamed() throws {
        let model = try TinyModel.make()
        var settings = DifferenceLoss.Configuration()
        settings.weight = 0
        let error = #expect(throws: LossError.self) {
            try EmbeddingObjective(
                DifferenceLoss.self, settings, data: TinyModel.scored(8), model: model)
        }
        #expect(error?.description == "weight is 0.0; expected a number above 0")
        let unknown = #expect(throws: LossError.self) {
            try EmbeddingObjective(
                named: "softmax", settings: #"{"label_smothing":0.1}"#,
                data: TinyModel.labelled(8), model: model)
        }
        #expect(unknown?.description.contains("did you mean 'label_smoothing'?") == true)
    }

    @Test(arguments: [
        ("cosine", TinyModel.labelled(6), "needs scores, but labelled.tsv has 3 classes"),
        ("softmax", TinyModel.scored(6), "needs classes, but scored.tsv has scores"),
        ("mse", TinyModel.labelled(6), "needs vectors, or scores, but labelled.tsv has 3 classes"),
        ("triplet", TinyModel.scored(6), "needs rows of 3 texts, but these have 2"),
        (
            "contrastive", TinyModel.scored(6),
            "needs scores of 0 and 1, but scored.tsv has one of 0.25; make each of them 0 or 1"
        ),
        ("cosin", TinyModel.scored(6), "there is no loss 'cosin'; did you mean 'cosine'?"),
    ])
    func dataThatTheLossCannotUse(_ name: String, _ data: ExampleTable, _ message: String) throws {
        let model = try TinyModel.make()
        let error = #expect(throws: LossError.self) {
            try EmbeddingObjective(named: name, data: data, model: model)
        }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
}
