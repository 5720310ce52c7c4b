import Foundation
import Losses
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

/// What steers a run: intervals, warm-ups, rates by name, averages of weights, and resuming with all of them.
@Suite struct SteeringTests {
    // MARK: - Intervals and warm-ups

    @Test(arguments: [
        (0.1, 10, 10), (0.1, 30, 10), (0.1, 14, 10), (0.1, 1000, 10), (0.1, 7, 7), (0.25, 9, 4),
        (0.5, 1, 1), (0.3, 10, 3), (0.999, 100, 1), (0.001, 5, 5), (0.05, 360, 20),
    ])
    func sharesOfARun(_ share: Double, _ steps: Int, _ times: Int) {
        let due = (1...steps).filter { StepInterval.share(share).isDue(after: $0, of: steps) }
        #expect(due.count == times, "\(due)")
        if share == 0.1, steps % 10 == 0 { #expect(due.allSatisfy { $0 % (steps / 10) == 0 }) }
    }

    @Test func stepsOfARun() {
        let due = (1...10).filter { StepInterval.steps(4).isDue(after: $0, of: 10) }
        #expect(due == [4, 8])
        #expect(!(1...10).contains { StepInterval.steps(0).isDue(after: $0, of: 10) })
    }

    @Test func warmUpBySteps() throws {
        func warmup(_ change: (inout TrainingConfiguration) -> Void) throws -> Int {
            var configuration = TinyTasks.configuration()
            change(&configuration)
            return try TinyTasks.trainer(configuration: configuration).schedule.warmupSteps
        }
        #expect(try warmup { _ in } == 2)
        #expect(try warmup { $0.warmupSteps = 5 } == 5)
        #expect(try warmup { $0.warmupSteps = 0 } == 0)
        #expect(try warmup { $0.warmupSteps = 500 } == 15)
        let error = #expect(throws: TrainingError.self) {
            try warmup {
                $0.warmupSteps = 5
                $0.warmupRatio = 0.1
            }
        }
        #expect(error?.description.contains("warmup_steps is given beside warmup_ratio") == true)
    }

    // MARK: - Resuming

    private static func steered(ema: Bool, rates: Bool) -> TrainingConfiguration {
        var configuration = TinyTasks.configuration()
        if ema { configuration.emaDecay = 0.8 }
        if rates {
            configuration.learningRates = ["embeddings.*": 2e-3, "classifier.*": 1e-2]
            configuration.layerDecay = 0.5
            configuration.maxGradientValue = 0.01
        }
        return configuration
    }

    /// A run that is stopped and resumed ends in the same bits, whatever is combined.
    @Test(arguments: Optimizers.all.map { $0.name }, [(true, true), (true, false), (false, true)])
    func resumed(_ optimizer: String, _ steering: (ema: Bool, rates: Bool)) throws {
        let folder = TemporaryFolder()
        let configuration = Self.steered(ema: steering.ema, rates: steering.rates)
        let whole = try TinyTasks.trainer(configuration: configuration, optimizer: optimizer)
        try whole.run()
        try Checkpoint.write(whole, to: folder("whole.h5"))
        let first = try TinyTasks.trainer(configuration: configuration, optimizer: optimizer)
        try first.run([OnEvent(stopAfter: 7)])
        try Checkpoint.write(first, to: folder("stopped.h5"))
        let second = try TinyTasks.trainer(
            from: Checkpoint(folder("stopped.h5")), optimizer: optimizer)
        try second.run()
        try Checkpoint.write(second, to: folder("resumed.h5"))
        #expect(
            try Data(contentsOf: folder("resumed.h5")) == Data(contentsOf: folder("whole.h5")))
        // Another way than plain training.
        let plain = try TinyTasks.trainer(optimizer: optimizer)
        try plain.run()
        #expect(plain.model.parameters.bits != whole.model.parameters.bits)
    }

    // MARK: - Averages

    /// What is evaluated, saved and left in the model is the average of the weights that a run without one has.
    @Test func theAverageIsTheModel() throws {
        final class Weights: Evaluator {
            var seen: [Float] = []
            func evaluate(
                _ model: SentenceTransformer, losses: [String: any Loss]
            ) throws -> Evaluation {
                seen.append(SteeringTests.weight(model))
                return Evaluation([], primary: nil)
            }
        }
        var configuration = TinyTasks.configuration(epochs: 1)
        configuration.evaluateEvery = 1
        var weights: [Float] = []
        let plain = try TinyTasks.trainer(configuration: configuration)
        try plain.run([
            OnEvent { _, trainer in
                weights.append(Self.weight(trainer.model))
                return .proceed
            }
        ])
        configuration.emaDecay = 0.75
        let averaged = try TinyTasks.trainer(configuration: configuration)
        let evaluator = Weights()
        let folder = TemporaryFolder()
        try averaged.run([PeriodicEvaluation(evaluator)])
        // Before training, and after each step: the events of the plain run are these and its end.
        var expected = [weights[0], weights[1]]
        for value in weights[2..<weights.count - 1] {
            expected.append(expected[expected.count - 1] * 0.75 + 0.25 * value)
        }
        #expect(evaluator.seen.count == expected.count)
        for (found, wanted) in zip(evaluator.seen, expected) {
            #expect(abs(found - wanted) < 1e-6)
        }
        #expect(Self.weight(averaged.model) == evaluator.seen.last)
        try Checkpoint.write(averaged, to: folder("a.h5"))
        let saved = try Checkpoint(folder("a.h5")).model()
        #expect(Self.weight(saved) == evaluator.seen.last)
        let other = averaged.average?.withOther(
            0, averaged.optimizer.parameters[0].parts[0]
        ) { $0[72] }
        #expect(other == weights.last)
    }

    private static func weight(_ model: SentenceTransformer) -> Float {
        model.parameters.first { _ in true }?.tensor.values[72] ?? .nan
    }

    @Test func aCheckpointWithoutWeightsIsRefused() throws {
        let folder = TemporaryFolder()
        try Checkpoint.write(TinyTasks.trainer(), to: folder("a.h5"))
        let averaged = try TinyTasks.trainer(configuration: Self.steered(ema: true, rates: false))
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(folder("a.h5")).restore(averaged)
        }
        #expect(error?.description.contains("/weights cannot be understood") == true)
    }

    // MARK: - Rates and samplers

    @Test func aPatternThatMeansNothingIsRefused() throws {
        var configuration = TinyTasks.configuration()
        configuration.learningRates = ["embedings.*": 1e-3]
        let error = #expect(throws: TrainingError.self) {
            try TinyTasks.trainer(configuration: configuration)
        }
        #expect(
            error?.description.hasPrefix(
                "learning_rates is 'embedings.*', which means no parameter that is trained") == true
        )
    }

    /// A trainer of one objective has the sampler that its loss prefers.
    @Test func theSamplerOfTheLoss() throws {
        let model = try TinyModel.make()
        func sampler<L: Loss>(
            _ loss: L.Type, _ change: (inout TrainingConfiguration) -> Void = { _ in }
        ) throws -> String {
            var configuration = TinyTasks.configuration()
            change(&configuration)
            let data = TinyModel.pairs("pairs.tsv", 24, 3, .none)
            let trainer = try Trainer(
                model: model, objective: EmbeddingObjective(loss, data: data, model: model),
                configuration: configuration)
            return type(of: trainer.tasks[0].sampler).name
        }
        #expect(
            try sampler(MultipleNegativesRankingLoss.self) == NoDuplicatesBatchSampler.name)
        #expect(
            try sampler(MultipleNegativesRankingLoss.self) { $0.groupByLength = true }
                == LengthGroupedBatchSampler.name)
    }
}
