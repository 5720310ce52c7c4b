import EvaluationMetrics
import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Serialization
import Settings
import Tensors
import Testing

@testable import SentenceEmbedding

@Suite struct TrainerTests {
    private func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in })
        -> TrainingConfiguration
    {
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        configuration.learningRate = 1e-3
        change(&configuration)
        return configuration
    }

    /// A model that cannot learn 32 pairs by heart has a broken gradient somewhere.
    @Test func cosineLossOverfits32Pairs() throws {
        let model = try TinyModel.make(dropout: 0)
        let trainer = try TinyModel.cosineTrainer(
            model, TinyModel.scored(32),
            configuration {
                $0.epochs = 200
                $0.batchSize = 32
                $0.learningRate = 3e-3
            })
        var losses: [Float] = []
        try trainer.run([OnEvent(step: { losses.append($0.loss) })])
        #expect(losses.count == 200)
        #expect(losses[199] < 1e-3, "\(losses[0]) to \(losses[199])")
    }

    @Test func softmaxLossOverfits32Pairs() throws {
        let model = try TinyModel.make(dropout: 0)
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(32),
            configuration {
                $0.epochs = 250
                $0.batchSize = 32
                $0.learningRate = 5e-3
            })
        var losses: [Float] = []
        try trainer.run([OnEvent(step: { losses.append($0.loss) })])
        #expect(losses[249] < 1e-3, "\(losses[0]) to \(losses[249])")
        let accuracy = try LabelAccuracyEvaluator(TinyModel.labelled(32)).evaluate(
            model, losses: trainer.losses)
        #expect(accuracy.primary == 1)
    }

    /// Encoder and classifier alike; only the pooler, which is not used, stays as it was.
    @Test func everyParameterMoves() throws {
        let model = try TinyModel.make()
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(64), configuration { $0.maxSteps = 3 })
        let loss = trainer.tasks[0].objective.module
        let before = (Array(model.parameters) + Array(loss.parameters)).bits
        try trainer.run()
        let after = (Array(model.parameters) + Array(loss.parameters)).bits
        for (name, values) in before {
            #expect((values != after[name]) == !name.hasPrefix("pooler."), "\(name)")
        }
    }

    @Test func frozenParametersStay() throws {
        let model = try TinyModel.make()
        let frozen = model.parameters.freeze {
            $0.hasPrefix("embeddings.") || $0.hasPrefix("encoder.layer.0.")
        }
        #expect(frozen.count == 5 + 16)
        let before = model.parameters.bits
        let trainer = try TinyModel.cosineTrainer(
            model, TinyModel.scored(16),
            configuration {
                $0.maxSteps = 2
                $0.warmupRatio = 0
            })
        try trainer.run()
        let after = model.parameters.bits
        for name in frozen { #expect(before[name] == after[name], "\(name)") }
        #expect(
            before["encoder.layer.1.output.dense.weight"]
                != after["encoder.layer.1.output.dense.weight"])
    }

    @Test func sameSeedSameRun() throws {
        func run(seed: UInt64) throws -> [String: [UInt32]] {
            let model = try TinyModel.make()
            let trainer = try TinyModel.cosineTrainer(
                model, TinyModel.scored(40),
                configuration {
                    $0.maxSteps = 6
                    $0.seed = seed
                })
            try trainer.run()
            return model.parameters.bits
        }
        let first = try run(seed: 1)
        #expect(try run(seed: 1) == first)
        #expect(try run(seed: 2) != first)
    }

    /// Two half batches averaged are one batch, but for the order of sums.
    @Test func accumulationEqualsALargerBatch() throws {
        func run(batchSize: Int, accumulation: Int) throws -> [Float] {
            let model = try TinyModel.make(dropout: 0)
            let trainer = try TinyModel.cosineTrainer(
                model, TinyModel.scored(16),
                configuration {
                    $0.batchSize = batchSize
                    $0.accumulationSteps = accumulation
                    $0.warmupRatio = 0
                })
            let pairs = Array(0..<16)
            let batches = stride(from: 0, to: 16, by: batchSize).map {
                Array(pairs[$0..<$0 + batchSize])
            }
            for first in stride(from: 0, to: batches.count, by: accumulation) {
                _ = try trainer.step(
                    batches[first..<first + accumulation].map { Trainer.Batch(task: 0, rows: $0) })
            }
            return model.parameters.first { $0.name.hasSuffix("layer.0.output.dense.weight") }?
                .tensor.values ?? []
        }
        let whole = try run(batchSize: 16, accumulation: 1)
        let halves = try run(batchSize: 8, accumulation: 2)
        let start = try TinyModel.make().parameters.first {
            $0.name.hasSuffix("layer.0.output.dense.weight")
        }?.tensor.values
        #expect(!whole.isEmpty)
        #expect(whole != start)
        // Adam's first step is the gradient's sign: equal but where the gradient is rounding noise.
        let different = zip(whole, halves).count { abs($0 - $1) > 1e-5 }
        #expect(different < whole.count / 100)
    }

    @Test func stepsEvaluationsAndSchedule() throws {
        let model = try TinyModel.make()
        let trainer = try TinyModel.cosineTrainer(
            model, TinyModel.scored(20),
            configuration {
                $0.epochs = 2
                $0.evaluateEvery = 2
                $0.saveEvery = 2
            })
        var (rates, evaluated, saved, best): ([Float], [Int], [Int], Int) = ([], [], [], 0)
        let outcome = try trainer.run([
            OnEvent { event, trainer in
                if case .stepped(let step) = event { rates.append(step.learningRate) }
                if case .evaluated = event { evaluated.append(trainer.state.step) }
                return .proceed
            },
            PeriodicEvaluation(try EmbeddingSimilarityEvaluator(TinyModel.scored(10, seed: 9))),
            Saving { trainer, isBest in
                if isBest { best += 1 } else { saved.append(trainer.state.step) }
            },
        ])
        #expect(outcome == .finished)
        // Three batches an epoch; evaluations before, at even steps and at both epoch ends, never twice.
        #expect(evaluated == [0, 2, 3, 4, 6])
        #expect(saved == [2, 3, 4, 6])
        #expect(best >= 1)
        #expect(rates == (0..<6).map { trainer.schedule($0) })
        #expect(rates[0] == 0)
        #expect(trainer.state.epoch == 2)
    }

    @Test func patienceEndsTheRun() throws {
        struct Falling: Evaluator {
            func evaluate(
                _ model: SentenceTransformer, losses: [String: any Loss]
            ) throws -> Evaluation {
                Evaluation([Figure("x", 0.5)], primary: "x")
            }
        }
        let trainer = try TinyModel.cosineTrainer(
            TinyModel.make(), TinyModel.scored(64),
            configuration {
                $0.evaluateEvery = 1
                $0.patience = 3
            })
        let callbacks: [any TrainingCallback] = [
            PeriodicEvaluation(Falling()), EarlyStopping(patience: 3),
        ]
        #expect(try trainer.run(callbacks) == .outOfPatience)
        #expect(trainer.state.step == 4)
        #expect(trainer.state.bestStep == 1)
    }

    @Test func evaluationWithoutAResultKeepsTheBest() throws {
        struct Broken: Evaluator {
            func evaluate(
                _ model: SentenceTransformer, losses: [String: any Loss]
            ) throws -> Evaluation {
                throw CorrelationError.constant(series: 0, value: 1)
            }
        }
        let trainer = try TinyModel.cosineTrainer(
            TinyModel.make(), TinyModel.scored(8), configuration())
        var reasons: [String] = []
        try trainer.run([
            OnEvent { event, _ in
                if case .evaluationFailed(let reason) = event { reasons.append(reason) }
                return .proceed
            }, PeriodicEvaluation(Broken()),
        ])
        // Before the first step and after the last: neither ends the run.
        #expect(reasons.count == 2)
        #expect(trainer.state.step == 1)
        #expect(trainer.state.bestScore == nil)
        #expect(trainer.state.before == nil)
    }

    @Test func nonFiniteLossNamesTheRowsAndChangesNothing() throws {
        let model = try TinyModel.make()
        let pairs = TinyModel.scored(24)
        // The vector of one word is damaged: only pairs with that word are to blame.
        let word = try #require(model.tokenizer.vocabulary.id(of: "guitar"))
        let table = try #require(
            model.parameters.first { $0.name == "embeddings.word_embeddings.weight" })
        table.setValues(of: table.parts[0]) { $0[Int(word) * 32] = .nan }
        let guilty = (0..<24).filter { row in
            pairs.texts(row).contains { $0?.contains("guitar") == true }
        }.map(pairs.line)
        #expect(!guilty.isEmpty)
        let before = model.parameters.bits
        let trainer = try TinyModel.cosineTrainer(
            model, pairs, configuration { $0.batchSize = 24 })
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        guard case .nonFinite(let what, let step, let path, let lines) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(what == "loss")
        #expect(step == 1)
        #expect(path == "scored.tsv")
        #expect(lines.sorted() == guilty)
        #expect(model.parameters.bits == before)
        #expect(
            error?.description.contains("Look at these lines, or lower the learning rate") == true)
    }

    @Test(arguments: [
        ("epochs", { @Sendable (c: inout TrainingConfiguration) in c.epochs = 0 }),
        ("batch_size", { @Sendable (c: inout TrainingConfiguration) in c.batchSize = 0 }),
        ("learning_rate", { @Sendable (c: inout TrainingConfiguration) in c.learningRate = .nan }),
        ("warmup_ratio", { @Sendable (c: inout TrainingConfiguration) in c.warmupRatio = 1.5 }),
        ("weight_decay", { @Sendable (c: inout TrainingConfiguration) in c.weightDecay = -1 }),
        ("patience", { @Sendable (c: inout TrainingConfiguration) in c.patience = 0 }),
    ])
    func settingsOutOfRangeAreNamed(
        _ key: String, _ change: @Sendable (inout TrainingConfiguration) -> Void
    ) throws {
        var configuration = TrainingConfiguration()
        change(&configuration)
        let error = #expect(throws: SettingError.self) { try configuration.validate() }
        #expect(error?.description.hasPrefix("\(key) is ") == true)
    }

    @Test func noPairsIsAnError() throws {
        let model = try TinyModel.make()
        #expect(throws: TrainingError.noRows(path: "empty.tsv")) {
            _ = try TinyModel.cosineTrainer(
                model, TinyModel.pairs("empty.tsv", 0, 1, .scores([])), TrainingConfiguration())
        }
    }

    @Test func theStartIsMeasuredAndKept() throws {
        struct Scores: Evaluator {
            let values: [Int: Double]
            let step: () -> Int
            func evaluate(
                _ model: SentenceTransformer, losses: [String: any Loss]
            ) throws -> Evaluation {
                Evaluation(
                    [Figure("x", values[step()] ?? .nan), Figure("y", .nan)], primary: "x")
            }
        }
        func state(_ values: [Int: Double]) throws -> TrainingState {
            let trainer = try TinyModel.cosineTrainer(
                TinyModel.make(), TinyModel.scored(24), configuration { $0.evaluateEvery = 1 })
            try trainer.run([
                PeriodicEvaluation(Scores(values: values, step: { trainer.state.step }))
            ])
            return trainer.state
        }
        let worse = try state([0: 0.9, 1: 0.5, 2: 0.8, 3: 0.7])
        #expect(worse.before == ["x": 0.9])
        #expect(worse.scoreBefore == 0.9)
        #expect(worse.bestScore == 0.8)
        #expect(worse.bestStep == 2)
        #expect(worse.evaluationsSinceBest == 1)
        #expect(worse.beatsStart == false)
        #expect(try state([0: 0.9, 1: 0.9]).beatsStart == false)
        #expect(try state([0: 0.9, 3: 0.91]).beatsStart == true)
        // A figure that is undefined, or infinite, is no score.
        #expect(try state([1: 0.5]).beatsStart == nil)
        #expect(try state([0: .infinity, 1: 0.5, 2: .infinity]).bestStep == 1)
        #expect(
            try JSONDecoder().decode(TrainingState.self, from: JSONEncoder().encode(worse))
                == worse)
    }

    /// States of older checkpoints had a key more, and lacked two.
    @Test func statesOfOlderCheckpointsAreRead() throws {
        let text = #"""
            {"batch":3,"bestScore":0.5,"bestStep":2,"epoch":1,"evaluationsSinceBest":1,"lastEvaluation":3,"step":9}
            """#
        let state = try JSONDecoder().decode(TrainingState.self, from: Data(text.utf8))
        var expected = TrainingState()
        (expected.step, expected.epoch, expected.batch) = (9, 1, 3)
        (expected.bestScore, expected.bestStep, expected.evaluationsSinceBest) = (0.5, 2, 1)
        #expect(state == expected)
        #expect(state.beatsStart == nil)
    }

    /// The reported loss is the mean of the step's pairs, also when the last batch is shorter.
    @Test func theLossIsTheMeanOfThePairs() throws {
        func loss(_ batches: [[Int]]) throws -> StepReport {
            let trainer = try TinyModel.cosineTrainer(
                TinyModel.make(dropout: 0), TinyModel.scored(16), configuration())
            return try trainer.step(batches.map { Trainer.Batch(task: 0, rows: $0) })
        }
        let whole = try loss([Array(0..<11)])
        let parts = try loss([Array(0..<8), Array(8..<11)])
        #expect(abs(whole.loss - parts.loss) < 1e-6, "\(whole.loss) and \(parts.loss)")
        #expect(parts.rows == 11)
        let means = try [loss([Array(0..<8)]).loss, loss([Array(8..<11)]).loss]
        #expect(abs((means[0] + means[1]) / 2 - parts.loss) > 1e-4)
    }

    /// One step's changes are seen by no loss: they are looked at before anything is measured or written.
    @Test(arguments: [1, 2, 3], [Float.nan, .infinity])
    func weightsThatAreNotFiniteGoNowhere(_ badStep: Int, _ value: Float) throws {
        let model = try TinyModel.make()
        let bias = try #require(
            model.parameters.first { $0.name == "encoder.layer.1.output.dense.bias" })
        let trainer = try TinyModel.cosineTrainer(
            model, TinyModel.scored(24),
            configuration {
                $0.evaluateEvery = 1
                $0.saveEvery = 1
            })
        var (evaluated, saved): ([Int], [Int]) = ([], [])
        func run(evaluator: (any Evaluator)?, isSaving: Bool) throws -> TrainingOutcome {
            var callbacks: [any TrainingCallback] = [
                OnEvent { event, trainer in
                    if case .evaluated = event { evaluated.append(trainer.state.step) }
                    if case .stepped = event, trainer.state.step == badStep {
                        bias.setValues(of: bias.parts[0]) { $0[3] = value }
                    }
                    return .proceed
                }
            ]
            if let evaluator { callbacks.append(PeriodicEvaluation(evaluator)) }
            if isSaving {
                callbacks.append(Saving { trainer, _ in saved.append(trainer.state.step) })
            }
            return try trainer.run(callbacks)
        }
        let isLast = badStep == 3
        let error = #expect(throws: TrainingError.self) {
            // Nobody measures or saves: the last step is looked at all the same.
            _ = try run(
                evaluator: isLast ? nil : EmbeddingSimilarityEvaluator(TinyModel.scored(10)),
                isSaving: !isLast)
        }
        #expect(
            error?.description.hasPrefix(
                "the weights after step \(badStep) are not saved: encoder.layer.1.output.dense.bias: 1 of its 32 numbers are NaN or infinite"
            ) == true, "\(String(describing: error))")
        #expect(evaluated == (isLast ? [] : Array(0..<badStep)))
        #expect(saved.allSatisfy { $0 < badStep })
        #expect(!isLast || saved.isEmpty)
    }

    /// Finite weights may be too large to compute with.
    @Test func aModelThatOverflowsGoesNowhere() throws {
        let model = try TinyModel.make()
        let norms = model.parameters.filter { $0.name.contains("layer.1.output.LayerNorm") }
        #expect(norms.count == 2)
        let pairs = TinyModel.scored(8)
        let trainer = try TinyModel.cosineTrainer(
            model, pairs, configuration())
        var saved = 0
        let error = #expect(throws: TrainingError.self) {
            try trainer.run([
                OnEvent { event, _ in
                    guard case .stepped = event else { return .proceed }
                    for parameter in norms {
                        parameter.setValues(of: parameter.parts[0]) { values in
                            for i in 0..<values.count { values[i] = 3e38 }
                        }
                    }
                    return .proceed
                }, Saving { _, _ in saved += 1 },
            ])
        }
        guard
            case .nonFiniteEmbedding(
                step: 1, path: "scored.tsv", let line,
                array: "encoder.layer.1.output.LayerNorm.weight", weight: 3e38) = error
        else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((1...8).contains(line))
        #expect(error?.description.contains("training diverged: lower the learning rate") == true)
        #expect(saved == 0)
    }

    @Test func aRunWithEverythingFrozenIsRefused() throws {
        let model = try TinyModel.make()
        model.parameters.freeze { !$0.hasPrefix("pooler.") }
        let error = #expect(throws: TrainingError.nothingToTrain) {
            _ = try TinyModel.cosineTrainer(
                model, TinyModel.scored(16), configuration())
        }
        #expect(error?.description.contains("leave a module unfrozen") == true)
        // A classifier alone may be trained.
        _ = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(16), configuration())
    }

    @Test(arguments: LearningRateSchedule.Kind.allCases)
    func aRunOfOneStepTrains(_ kind: LearningRateSchedule.Kind) throws {
        let model = try TinyModel.make()
        let before = model.parameters.bits
        let trainer = try TinyModel.cosineTrainer(
            model, TinyModel.scored(8), configuration { $0.schedule = kind })
        try trainer.run([OnEvent(step: { #expect($0.learningRate == 1e-3) })])
        #expect(trainer.state.step == 1)
        #expect(model.parameters.bits != before)
    }
}
