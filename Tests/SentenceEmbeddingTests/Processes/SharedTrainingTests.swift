import ExampleFiles
import Kernels
import Losses
import NeuralNetwork
import Settings
import Tensors
import Testing

@testable import SentenceEmbedding

/// Trainings that several processes share: those of one process, but for rounding.
@Suite struct SharedTrainingTests {
    /// How many steps each takes; fewer in a build that is ten times as slow.
    #if DEBUG
        static let steps = 20
    #else
        static let steps = 100
    #endif

    /// A training by its name, with dropout.
    struct Training: Sendable, CustomStringConvertible {
        let description: String
        /// By how much losses may differ, of 1 or of themselves.
        var tolerance: Float = 1e-6
        let trainer: @Sendable (ThreadProcesses?) throws -> Trainer

        init(
            _ description: String, tolerance: Float = 1e-6,
            _ trainer: @escaping @Sendable (ThreadProcesses?) throws -> Trainer
        ) {
            self.description = description
            self.tolerance = tolerance
            self.trainer = trainer
        }
    }

    static let trainings: [Training] =
        [
            Training("cosine similarity") {
                try trainer("CosineSimilarityLoss", TinyModel.scored(40), $0)
            },
            Training("softmax") {
                try trainer("softmax", TinyModel.labelled(40), $0)
            },
            Training("in-batch negatives") {
                try trainer("multiple_negatives_ranking", pairs(40), $0)
            },
            Training("in-batch negatives both ways") {
                try trainer("multiple_negatives_symmetric_ranking", pairs(40), $0)
            },
            Training("in-batch negatives with a parameter of the loss") {
                try trainer("contrastive_tension_in_batch", pairs(40), $0)
            },
            Training("in-batch negatives, one for some rows") {
                try trainer("multiple_negatives_ranking", triples(40), $0)
            },
            // It divides scores by 0.01, which makes more of a last bit.
            Training("in-batch negatives with a guide", tolerance: 1e-5) {
                try trainer("gist", guided(40), $0)
            },
            Training("in-batch negatives by a margin") {
                try trainer("mega_batch_margin", pairs(40), $0)
            },
            Training("in-batch negatives of nested sizes and layers") {
                var modifiers = LossModifiers()
                modifiers.dimensions = [32, 8]
                modifiers.adaptiveLayer.isOn = true
                return try trainer(
                    "multiple_negatives_ranking", pairs(40), $0, modifiers: modifiers)
            },
            Training("CoSENT") { try trainer("cosent", TinyModel.scored(40), $0) },
            Training("in parts, accumulated, layers computed twice") {
                try trainer("multiple_negatives_ranking", pairs(40), $0) {
                    $0.miniBatchSize = 3
                    $0.accumulationSteps = 3
                    $0.gradientCheckpointing = true
                }
            },
            Training("nested sizes and layers") {
                var modifiers = LossModifiers()
                modifiers.dimensions = [32, 8]
                modifiers.adaptiveLayer.isOn = true
                return try trainer("cosent", TinyModel.scored(40), $0, modifiers: modifiers)
            },
            Training("adapters") {
                try trainer("cosent", TinyModel.scored(40), $0, adapters: true)
            },
            Training("a loss that shares out its terms, above a frozen encoder") {
                try trainer("contrastive_tension_in_batch", pairs(40), $0, isFrozen: true)
            },
            Training("a loss that each computes, above a frozen encoder") {
                try trainer("softmax", TinyModel.labelled(40), $0, isFrozen: true)
            },
            // Rounding to 8 bits makes more of a last bit.
            Training("bfloat16 products", tolerance: 1e-5) {
                try trainer("CosineSimilarityLoss", TinyModel.scored(40), $0) { $0.bf16 = true }
            },
            Training("fewer sequences than processes") {
                try trainer("CosineSimilarityLoss", TinyModel.scored(4), $0) { $0.batchSize = 1 }
            },
            // None that takes signs alone, as Lion does: a last bit can turn one.
            Training("SGD, averaged weights") {
                try trainer("cosent", TinyModel.scored(40), $0, optimizer: "sgd") {
                    $0.emaDecay = 0.9
                    $0.maxGradientValue = 0.01
                }
            },
            Training("two tasks") { processes in
                let model = try TinyModel.make()
                let losses = try TinyTasks.losses(model) { _ in .random(seed: 5) }
                return try Trainer(
                    model: model, tasks: TinyTasks.tasks(losses), configuration: configuration(),
                    processes: processes)
            },
        ]
        + SequenceObjectiveTests.names.map { name in
            Training(name) { try trainer(name, SequenceObjectiveTests.texts(40), $0) }
        }

    private static func pairs(_ count: Int) -> ExampleTable {
        TinyModel.pairs("pairs.tsv", count, 3, .none)
    }

    /// Pairs of which two in three have a negative.
    private static func triples(_ count: Int) -> ExampleTable {
        ExampleTable(
            name: "triples.tsv",
            columns: (0..<3).map { column in
                let texts = TinyModel.sentences(count, seed: UInt64(3 + column))
                return (
                    "sentence\(column)",
                    texts.enumerated().map { column == 2 && $0 % 3 == 0 ? nil : $1 }
                )
            }, labels: .none, lines: Array(1...count))
    }

    /// Pairs with embeddings of theirs as labels.
    private static func guided(_ count: Int) -> ExampleTable {
        let label = { @Sendable (row: Int) in (0..<6).map { Float((row * 7 + $0 * 5) % 11) - 5 } }
        return TinyModel.pairs("guided.tsv", count, 3, .vectors(label, count: count, width: 6))
    }

    private static func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        configuration.epochs = 100
        configuration.learningRate = 1e-4
        return configuration
    }

    private static func trainer(
        _ loss: String, _ data: ExampleTable, _ processes: ThreadProcesses?,
        modifiers: LossModifiers = .init(), adapters: Bool = false, isFrozen: Bool = false,
        optimizer: String = AdamW.name, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        let model = try TinyModel.make()
        for parameter in model.parameters where isFrozen { parameter.isFrozen = true }
        if adapters { try model.addAdapters(LoRAConfiguration(), base: "base", seed: 7) }
        let module = try LossModule(
            named: loss, context: LossContext(model, data), source: .random(seed: 3))
        var configuration = configuration()
        change(&configuration)
        let objective = try module.objective(on: data, for: model, modifiers: modifiers)
        return try Trainer(
            model: model,
            tasks: [
                TrainingTask(
                    objective,
                    sampler: ShuffledBatchSampler(batchSize: configuration.batchSize, seed: 4))
            ],
            configuration: configuration, processes: processes
        ) { (parameters) throws(OptimizerError) in try Optimizers.make(optimizer, parameters) }
    }

    private struct Result: Equatable {
        var losses: [Float] = []
        var norms: [Double] = []
        var bits: [String: [UInt32]] = [:]
    }

    private func results(of training: Training, processes: Int) -> [Result] {
        ThreadProcesses.run(processes) { own in
            let trainer = try training.trainer(processes == 1 ? nil : own)
            var result = Result()
            try trainer.run([
                OnEvent { event, trainer in
                    if case .stepped(let step) = event {
                        result.losses.append(step.loss)
                        result.norms.append(step.gradientNorm)
                    }
                    return trainer.state.step == Self.steps ? .stop : .proceed
                }
            ])
            result.bits = trainer.optimizer.parameters.bits
            return result
        }
    }

    @Test(arguments: trainings) func anyNumberOfProcessesLearnsTheSame(_ training: Training) {
        let alone = results(of: training, processes: 1)[0]
        #expect(alone.losses.count == Self.steps)
        // A library's products of a part are not those of the whole to the last bit.
        let tolerance = training.tolerance * (GEMM.Engine.preferred == .own ? 1 : 10)
        for count in 2...4 {
            let all = results(of: training, processes: count)
            for result in all { #expect(result == all[0], "\(count) processes differ") }
            let worst = zip(all[0].losses, alone.losses).map { abs($0 - $1) / max(1, $1) }.max()
            #expect(
                worst.map { $0 <= tolerance } == true,
                "\(count) processes: off by \(worst ?? -1)")
            #expect(all[0].losses.count == Self.steps)
            let norm = zip(all[0].norms, alone.norms).map { abs($0 - $1) / max(1e-3, $1) }.max()
            #expect(norm.map { $0 < 1e-3 } == true, "\(count) processes: norm \(norm ?? -1)")
        }
    }

    @Test(arguments: [1, 3, 9]) func eachProcessComputesItsOwnTermsOfTheLoss(_ size: Int) {
        let rows = ThreadProcesses.run(size) { own in
            let model = try TinyModel.make()
            let data = Self.pairs(40)
            let module = try LossModule(RowsLoss.self, context: LossContext(model, data))
            let trainer = try Trainer(
                model: model,
                tasks: [
                    TrainingTask(
                        EmbeddingObjective(module, data: data),
                        sampler: ShuffledBatchSampler(batchSize: 8, seed: 4))
                ],
                configuration: Self.configuration(), processes: own)
            try trainer.run([OnEvent(stopAfter: 1)])
            return (module.loss as? RowsLoss)?.computed.rows
        }
        // Eight rows are too few for nine processes: each computes the whole loss.
        #expect(
            rows
                == (size == 9
                    ? Array(repeating: [0..<8], count: 9)
                    : size == 3 ? [[0..<2], [2..<5], [5..<8]] : [[0..<8]]))
    }

    /// Of the outputs, 16 rows of 32 numbers, there is nothing to go back to.
    @Test func noGradientsOfAFrozenEncodersOutputsTravel() {
        let counts = [false, true].map { isFrozen in
            ThreadProcesses.run(2) { own in
                let trainer = try Self.trainer(
                    "contrastive_tension_in_batch", Self.pairs(40), own, isFrozen: isFrozen)
                try trainer.run([OnEvent(stopAfter: 1)])
                return own.summedCount
            }
        }
        #expect(counts[0].allSatisfy { $0 > 16 * 32 }, "\(counts)")
        // The loss and its one parameter.
        #expect(counts[1].allSatisfy { $0 < 10 }, "\(counts)")
    }

    @Test(arguments: [trainings[0], trainings[2], trainings[9]])
    func theSameNumberGivesTheSameBits(_ training: Training) {
        #expect(results(of: training, processes: 3) == results(of: training, processes: 3))
    }

    @Test func gradientsTravelAsBfloat16() {
        let training = Training("cosine similarity") {
            try Self.trainer("CosineSimilarityLoss", TinyModel.scored(40), $0) {
                $0.bf16Compress = true
            }
        }
        let alone = results(of: training, processes: 1)[0]
        let all = results(of: training, processes: 2)
        #expect(all[0] == all[1])
        // The first loss is of before any gradient.
        #expect(abs(all[0].losses[0] - alone.losses[0]) < 1e-6)
        #expect(all[0].bits != results(of: Self.trainings[0], processes: 2)[0].bits)
        for (found, expected) in zip(all[0].losses, alone.losses) {
            #expect(abs(found - expected) < 1e-3)
        }
    }

    @Test func aWishToStopIsThatOfAll() {
        let steps = ThreadProcesses.run(3) { own in
            let trainer = try Self.trainer("CosineSimilarityLoss", TinyModel.scored(40), own)
            try trainer.run([
                OnEvent { _, trainer in
                    own.rank == 1 && trainer.state.step == 4 ? .stop : .proceed
                }
            ])
            return trainer.state.step
        }
        #expect(steps == [4, 4, 4])
    }

    @Test(arguments: [1, 7, 64]) func embeddingsAreThoseOfOneProcess(_ tokensPerBatch: Int) throws {
        let sentences = TinyModel.sentences(50, seed: 8) + ["a dog", "a dog", ""]
        let alone = try TinyModel.make().encode(sentences, tokensPerBatch: tokensPerBatch).values
        let shared = ThreadProcesses.run(3) { own in
            let model = try TinyModel.make()
            model.processes = own
            return model.encode(sentences, tokensPerBatch: tokensPerBatch).values
        }
        for values in shared { #expect(values.map(\.bitPattern) == alone.map(\.bitPattern)) }
    }

    @Test func aPerplexityIsThatOfOneProcess() throws {
        /// The perplexity of texts that make four batches, the last one small.
        @Sendable func perplexity(_ processes: ThreadProcesses?) throws -> Double {
            let model = try TinyModel.make()
            let texts = SequenceObjectiveTests.texts(100)
            _ = try SequenceObjective(MaskedLanguageModelLoss.self, data: texts, model: model)
            model.processes = processes
            return try PerplexityEvaluator(texts).evaluate(model).primary
        }
        let alone = try perplexity(nil)
        #expect(alone.isFinite)
        for count in [2, 3, 5] {
            let shared = ThreadProcesses.run(count) { try perplexity($0) }
            #expect(shared == Array(repeating: alone, count: count))
        }
    }

    @Test func sharesHaveAboutAsManyTokens() {
        let sequences = [9, 1, 1, 1, 4, 4, 2, 2].map { [Int32](repeating: 1, count: $0) }
        let ends = ThreadProcesses.run(2) { own in
            BatchShares(of: sequences, among: own).parts.map(\.sequences)
        }
        #expect(ends == [[0..<4, 4..<8], [0..<4, 4..<8]])
        let few = ThreadProcesses.run(4) { own in
            BatchShares(of: [[1, 2], [3]], among: own).parts.map(\.tokens.count)
        }
        #expect(few[0].reduce(0, +) == 3 && few.allSatisfy { $0 == few[0] })
    }
}

/// In-batch negatives that keep which rows' terms were computed.
private struct RowsLoss: RowwiseLoss {
    final class Computed {
        var rows: [Range<Int>] = []
    }

    static let name = "rows"
    static let columns = 2...2
    let computed = Computed()
    private let ranking: MultipleNegativesRankingLoss

    init(
        _ configuration: NoSettings, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        ranking = try MultipleNegativesRankingLoss(.init(), context, in: scope)
    }

    func callAsFunction(
        _ embeddings: [Tensor], labels: [NoLabel], rows: Range<Int>
    ) -> Tensor {
        computed.rows.append(rows)
        return ranking(embeddings, labels: labels, rows: rows)
    }
}
