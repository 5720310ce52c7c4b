import ExampleFiles
import Losses
import NeuralNetwork

@testable import SentenceEmbedding

/// Two tasks whose losses have parameters of their own: a classifier, and a teacher's embeddings of another length.
enum TinyTasks {
    static let names = ["nli", "kd"]

    /// 40 and 24 rows, so 5 and 3 batches of 8.
    static func tables() -> [ExampleTable] { [TinyModel.labelled(40), taught(24)] }

    /// Single texts with vectors of 6 numbers.
    static func taught(_ count: Int, name: String = "taught.txt") -> ExampleTable {
        ExampleTable(
            name: name, columns: [("text", TinyModel.sentences(count, seed: 11))],
            labels: .vectors(
                { row in (0..<6).map { Float((row * 7 + $0 * 3) % 5) / 4 - 0.5 } }, count: count,
                width: 6))
    }

    static func losses(
        _ model: SentenceTransformer, source: (_ task: String) throws -> ParameterSource
    ) throws -> [LossModule] {
        var distillation = EmbedDistillLoss.Configuration()
        distillation.distance = .mse
        distillation.projectionDimension = 6
        let tables = tables()
        return [
            try LossModule(
                SoftmaxLoss.self, context: LossContext(model, tables[0]),
                source: source(names[0])),
            try LossModule(
                EmbedDistillLoss.self, distillation, context: LossContext(model, tables[1]),
                source: source(names[1])),
        ]
    }

    static func tasks(_ losses: [LossModule]) throws -> [TrainingTask] {
        try zip(zip(names, tables()), losses).map { task, loss in
            TrainingTask(
                try EmbeddingObjective(loss, data: task.1), name: task.0,
                sampler: ShuffledBatchSampler(batchSize: 8, seed: 4))
        }
    }

    static func configuration(epochs: Int = 2) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        configuration.epochs = epochs
        configuration.learningRate = 1e-3
        return configuration
    }

    /// A trainer at the beginning of a run.
    static func trainer(
        order: (any TaskOrder)? = nil, configuration: TrainingConfiguration = configuration(),
        optimizer: String = AdamW.name
    ) throws -> Trainer {
        let model = try TinyModel.make()
        return try Trainer(
            model: model, tasks: tasks(losses(model) { _ in .random(seed: 5) }),
            configuration: configuration, order: order
        ) { (parameters) throws(OptimizerError) in try Optimizers.make(optimizer, parameters) }
    }

    /// A trainer that goes on from a checkpoint, with whose parts alone it is made.
    static func trainer(
        from checkpoint: Checkpoint, order: (any TaskOrder)? = nil, optimizer: String = AdamW.name
    ) throws -> Trainer {
        let model = try checkpoint.model()
        let modules = try checkpoint.losses(for: model)
        let trainer = try Trainer(
            model: model, tasks: tasks(names.compactMap { modules[$0] }),
            configuration: checkpoint.configuration(), order: order
        ) { (parameters) throws(OptimizerError) in try Optimizers.make(optimizer, parameters) }
        try checkpoint.restore(trainer)
        return trainer
    }
}
