import EvaluationMetrics
import Foundation
import Losses
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Which evaluation is the best, which count for patience, and which cannot win.
@Suite struct BestModelTests {
    /// A figure that is decided beforehand for every step.
    private final class Planned: Evaluator {
        let name: String
        private let values: [Int: Double]
        private let direction: Direction
        weak var trainer: Trainer?

        init(_ name: String, _ values: [Int: Double], _ direction: Direction = .higher) {
            self.name = name
            self.values = values
            self.direction = direction
        }

        func evaluate(
            _ model: SentenceTransformer, losses: [String: any Loss]
        ) throws -> Evaluation {
            struct Absent: Error {}
            guard let value = values[trainer?.state.step ?? 0] else { throw Absent() }
            return Evaluation([Figure("x", value, direction)], primary: "x")
        }
    }

    private struct Heard {
        var state: TrainingState
        var best: [Int] = []
        var regressed: [String] = []
    }

    /// Five steps, each evaluated.
    private func run(
        _ evaluators: [Planned], falls: [String: Double] = [:], patience: Int? = nil,
        _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Heard {
        var configuration = TinyTasks.configuration(epochs: 1)
        configuration.evaluateEvery = 1
        change(&configuration)
        let trainer = try TinyModel.cosineTrainer(
            TinyModel.make(), TinyModel.scored(40), configuration)
        for evaluator in evaluators { evaluator.trainer = trainer }
        var heard = Heard(state: trainer.state)
        try trainer.run(
            [
                PeriodicEvaluation(Evaluators(evaluators, allowedFalls: falls)),
                OnEvent { event, trainer in
                    switch event {
                    case .evaluated(_, isBest: true): heard.best.append(trainer.state.step)
                    case .regressed(let regression):
                        heard.regressed.append("\(trainer.state.step): \(regression)")
                    default: break
                    }
                    return .proceed
                },
            ] + (patience.map { [EarlyStopping(patience: $0)] } ?? []))
        heard.state = trainer.state
        return heard
    }

    @Test func theStartMayWin() throws {
        let values = [0: 0.6, 1: 0.5, 2: 0.6, 3: 0.4, 4: 0.5, 5: 0.6]
        let never = try run([Planned("a", values)]) { $0.startMayWin = true }
        #expect(never.best == [0])
        #expect(never.state.bestStep == 0 && never.state.bestScore == 0.6)
        #expect(never.state.beatsStart == false)
        #expect(never.state.evaluationsSinceBest == 5)
        #expect(try run([Planned("a", values)]).best == [1, 2])
        let later = try run([Planned("a", values.merging([4: 0.7]) { $1 })]) {
            $0.startMayWin = true
        }
        #expect(later.best == [0, 4])
        #expect(later.state.beatsStart == true)
        // Without a figure before training there is no start to beat.
        let unknown = try run([Planned("a", values.merging([0: .nan]) { $1 })]) {
            $0.startMayWin = true
        }
        #expect(unknown.best == [1, 2])
    }

    /// Little gains make a best model, and add up to one that counts for patience.
    @Test(
        arguments: [
            (0, [1: 0.5, 2: 0.51, 3: 0.52, 4: 0.53, 5: 0.54], 5, 5),
            (0.03, [1: 0.5, 2: 0.51, 3: 0.52, 4: 0.6, 5: 0.7], 3, 3),
            (0.015, [1: 0.5, 2: 0.51, 3: 0.52, 4: 0.53, 5: 0.54], 5, 5),
            (0.1, [1: 0.5, 2: 0.59, 3: 0.4, 4: 0.9, 5: 0.9], 3, 2),
        ] as [(Double, [Int: Double], Int, Int)])
    func theLeastGain(
        _ delta: Double, _ values: [Int: Double], _ end: Int, _ best: Int
    ) throws {
        for direction in [Direction.higher, .lower] {
            let signed = direction == .lower ? values.mapValues { 1 - $0 } : values
            let heard = try run(
                [Planned("a", signed.merging([0: 0.5]) { $1 }, direction)], patience: 2
            ) { $0.minDelta = delta }
            #expect(heard.state.step == end)
            #expect(heard.state.bestStep == best)
        }
    }

    @Test func whatIsWatchedKeepsStepsFromWinning() throws {
        let main = Planned("a", [0: 0.5, 1: 0.6, 2: 0.9, 3: 0.7, 4: 0.8, 5: 0.95])
        let watched = Planned("b", [0: 0.8, 1: 0.9, 2: 0.69, 3: 0.71, 4: .nan])
        let heard = try run([main, watched], falls: ["b": 0.1])
        #expect(heard.best == [1, 3])
        #expect(heard.state.evaluationsSinceBest == 2)
        #expect(
            heard.regressed == [
                "2: REGRESSION: b went from 0.8000 before training to 0.6900, which is more than the 0.1 that it may lose; this step cannot become the best",
                "4: REGRESSION: b has no value now, so that nobody knows what it lost; this step cannot become the best",
                "5: REGRESSION: b has no value now, so that nobody knows what it lost; this step cannot become the best",
            ])
        // The state is kept with the rest in checkpoints.
        let again = try JSONDecoder().decode(
            TrainingState.self, from: JSONEncoder().encode(heard.state))
        #expect(again == heard.state && again.watchedBefore == ["b": 0.8])
    }

    @Test func watchedFiguresOfWhichLessIsBetter() throws {
        let main = Planned("a", [0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8, 4: 0.9, 5: 1])
        let watched = Planned("b", [0: 0.2, 1: 0.1, 2: 0.2, 3: 0.4, 4: 0.25, 5: 0.31], .lower)
        #expect(try run([main, watched], falls: ["b": 0.1]).best == [1, 2, 4])
        // One that was never measured cannot be said to hold.
        let absent = Planned("b", [1: 0.1, 2: 0.1, 3: 0.1, 4: 0.1, 5: 0.1])
        #expect(try run([main, absent], falls: ["b": 1]).best == [])
        // With the start as the best it stays so.
        let start = try run([main, absent], falls: ["b": 1]) { $0.startMayWin = true }
        #expect(start.best == [0])
    }
}
