import Foundation
import NeuralNetwork
import Serialization
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
        let trainer = try Trainer(
            model: model, loss: CosineSimilarityLoss(), pairs: TinyModel.scored(32),
            configuration: configuration {
                $0.epochs = 200; $0.batchSize = 32; $0.learningRate = 3e-3
            })
        var losses: [Float] = []
        _ = try trainer.run(onEvent: { event in
            if case .stepped(let step) = event { losses.append(step.loss) }
            return .proceed
        })
        #expect(losses.count == 200)
        #expect(losses[199] < 1e-3, "\(losses[0]) to \(losses[199])")
    }

    @Test func softmaxLossOverfits32Pairs() throws {
        let model = try TinyModel.make(dropout: 0)
        let loss = TinyModel.softmaxLoss(model)
        let trainer = try Trainer(
            model: model, loss: loss, pairs: TinyModel.labelled(32),
            configuration: configuration {
                $0.epochs = 250; $0.batchSize = 32; $0.learningRate = 5e-3
            })
        var losses: [Float] = []
        _ = try trainer.run(onEvent: { event in
            if case .stepped(let step) = event { losses.append(step.loss) }
            return .proceed
        })
        #expect(losses[249] < 1e-3, "\(losses[0]) to \(losses[249])")
        let accuracy = try LabelAccuracyEvaluator(TinyModel.labelled(32), loss: loss).evaluate(
            model)
        #expect(accuracy.primary == 1)
    }

    /// Encoder and classifier alike; only the pooler, which is not used, stays as it was.
    @Test func everyParameterMoves() throws {
        let model = try TinyModel.make()
        let loss = TinyModel.softmaxLoss(model)
        let before = (Array(model.parameters) + Array(loss.parameters)).bits
        let trainer = try Trainer(
            model: model, loss: loss, pairs: TinyModel.labelled(64),
            configuration: configuration { $0.maxSteps = 3 })
        _ = try trainer.run()
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
        let trainer = try Trainer(
            model: model, loss: CosineSimilarityLoss(), pairs: TinyModel.scored(16),
            configuration: configuration {
                $0.maxSteps = 2; $0.warmupRatio = 0
            })
        _ = try trainer.run()
        let after = model.parameters.bits
        for name in frozen { #expect(before[name] == after[name], "\(name)") }
        #expect(
            before["encoder.layer.1.output.dense.weight"]
                != after["encoder.layer.1.output.dense.weight"])
    }

    @Test func sameSeedSameRun() throws {
        func run(seed: UInt64) throws -> [String: [UInt32]] {
            let model = try TinyModel.make()
            let trainer = try Trainer(
                model: model, loss: CosineSimilarityLoss(), pairs: TinyModel.scored(40),
                configuration: configuration {
                    $0.maxSteps = 6; $0.seed = seed
                })
            _ = try trainer.run()
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
            let trainer = try Trainer(
                model: model, loss: CosineSimilarityLoss(), pairs: TinyModel.scored(16),
                configuration: configuration {
                    $0.batchSize = batchSize
                    $0.accumulationSteps = accumulation
                    $0.warmupRatio = 0
                })
            let pairs = Array(0..<16)
            let batches = stride(from: 0, to: 16, by: batchSize).map {
                Array(pairs[$0..<$0 + batchSize])
            }
            for first in stride(from: 0, to: batches.count, by: accumulation) {
                _ = try trainer.step(Array(batches[first..<first + accumulation]))
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
        let trainer = try Trainer(
            model: model, loss: CosineSimilarityLoss(), pairs: TinyModel.scored(20),
            configuration: configuration {
                $0.epochs = 2; $0.evaluateEvery = 2; $0.saveEvery = 2
            })
        var (rates, evaluated, saved, best): ([Float], [Int], [Int], Int) = ([], [], [], 0)
        let outcome = try trainer.run(
            evaluator: try EmbeddingSimilarityEvaluator(TinyModel.scored(10, seed: 9)),
            save: { isBest in
                if isBest { best += 1 } else { saved.append(trainer.state.step) }
                return ""
            },
            onEvent: { event in
                if case .stepped(let step) = event { rates.append(step.learningRate) }
                if case .evaluated = event { evaluated.append(trainer.state.step) }
                return .proceed
            })
        #expect(outcome == .finished)
        // Three batches an epoch; evaluations at even steps and at both epoch ends, never twice.
        #expect(evaluated == [2, 3, 4, 6])
        #expect(saved == [2, 3, 4, 6])
        #expect(best >= 1)
        #expect(rates == (0..<6).map { trainer.schedule($0) })
        #expect(rates[0] == 0)
        #expect(trainer.state.epoch == 2)
    }

    @Test func patienceEndsTheRun() throws {
        struct Falling: Evaluator {
            func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
                Evaluation([("x", 0.5)], primary: "x")
            }
        }
        let trainer = try Trainer(
            model: TinyModel.make(), loss: CosineSimilarityLoss(), pairs: TinyModel.scored(64),
            configuration: configuration {
                $0.evaluateEvery = 1; $0.patience = 3
            })
        #expect(try trainer.run(evaluator: Falling()) == .outOfPatience)
        #expect(trainer.state.step == 4)
        #expect(trainer.state.bestStep == 1)
    }

    @Test func evaluationWithoutAResultKeepsTheBest() throws {
        struct Broken: Evaluator {
            func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
                throw CorrelationError.constant(series: 0, value: 1)
            }
        }
        let trainer = try Trainer(
            model: TinyModel.make(), loss: CosineSimilarityLoss(), pairs: TinyModel.scored(8),
            configuration: configuration())
        var reasons: [String] = []
        _ = try trainer.run(
            evaluator: Broken(),
            onEvent: { event in
                if case .evaluationFailed(let reason) = event { reasons.append(reason) }
                return .proceed
            })
        #expect(reasons.count == 1)
        #expect(trainer.state.bestScore == nil)
    }

    @Test func nonFiniteLossNamesTheRowsAndChangesNothing() throws {
        let model = try TinyModel.make()
        let pairs = TinyModel.scored(24)
        // The vector of one word is damaged: only pairs with that word are to blame.
        let word = try #require(model.tokenizer.vocabulary.id(of: "guitar"))
        let table = try #require(
            model.parameters.first { $0.name == "embeddings.word_embeddings.weight" })
        table.setValues(of: table.parts[0]) { $0[Int(word) * 32] = .nan }
        let guilty = pairs.filter { ($0.first + " " + $0.second).contains("guitar") }.map(\.line)
        #expect(!guilty.isEmpty)
        let before = model.parameters.bits
        let trainer = try Trainer(
            model: model, loss: CosineSimilarityLoss(), pairs: pairs,
            configuration: configuration { $0.batchSize = 24 })
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
        let error = #expect(throws: TrainingError.self) { try configuration.validate() }
        #expect(error?.description.hasPrefix("\(key) is ") == true)
    }

    @Test func noPairsIsAnError() throws {
        let model = try TinyModel.make()
        #expect(throws: TrainingError.noPairs(path: "empty.tsv")) {
            _ = try Trainer(
                model: model, loss: CosineSimilarityLoss(),
                pairs: PairDataset<Float>(name: "empty.tsv", pairs: []),
                configuration: TrainingConfiguration())
        }
    }
}
