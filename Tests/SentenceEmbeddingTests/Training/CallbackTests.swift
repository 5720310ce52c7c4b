import EvaluationMetrics
import Foundation
import Losses
import TestSupport
import Testing

@testable import SentenceEmbedding

/// What callbacks hear, in which order, and what comes of their answers.
@Suite struct CallbackTests {
    /// A figure that is decided beforehand for every step.
    private final class Planned: Evaluator {
        private let values: [Int: Double]
        private let direction: Direction
        weak var trainer: Trainer?

        init(_ values: [Int: Double], _ direction: Direction = .higher) {
            self.values = values
            self.direction = direction
        }

        func evaluate(
            _ model: SentenceTransformer, losses: [String: any Loss]
        ) throws -> Evaluation {
            let value = values[trainer?.state.step ?? 0] ?? .nan
            return Evaluation([Figure("x", value, direction)], primary: "x")
        }
    }

    private func trainer(
        _ rows: Int, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        var configuration = TinyTasks.configuration(epochs: 1)
        change(&configuration)
        return try TinyModel.cosineTrainer(
            TinyModel.make(), TinyModel.scored(rows), configuration)
    }

    private static func word(_ event: TrainingEvent) -> String {
        switch event {
        case .started(let total, let perEpoch): "started \(total) \(perEpoch)"
        case .stepped(let step): step.isEpochEnd ? "stepped, epoch ends" : "stepped"
        case .evaluating: "evaluating"
        case .evaluated(_, let isBest): isBest ? "evaluated, best" : "evaluated"
        case .evaluationFailed: "failed"
        case .regressed: "regressed"
        case .saving: "saving"
        case .saved: "saved"
        case .notSaved: "not saved"
        case .ended(let outcome): "ended \(outcome)"
        }
    }

    @Test func theOrderOfEvents() throws {
        let trainer = try trainer(24) {
            $0.epochs = 2
            $0.maxSteps = 4
            $0.evaluateEvery = 2
            $0.saveEvery = 4
        }
        let planned = Planned([0: 0.5, 2: 0.1, 3: 0.3, 4: 0.2])
        planned.trainer = trainer
        var heard: [String] = []
        func listener(_ name: String) -> OnEvent {
            OnEvent { event, trainer in
                heard.append("\(name) \(trainer.state.step): \(Self.word(event))")
                return .proceed
            }
        }
        let saver = OnEvent { event, trainer in
            guard case .stepped(let step) = event, step.isEpochEnd else { return .proceed }
            try trainer.post(.saving)
            try trainer.post(.saved(path: "a.h5"))
            return .proceed
        }
        try trainer.run([
            listener("a"), PeriodicEvaluation(planned), saver, listener("b"),
        ])
        // What a callback posts, all hear before the event that it heard goes on to those after it.
        let expected: [(Int, [String])] = [
            (
                0,
                [
                    "a started 4 3", "a evaluating", "b evaluating", "a evaluated", "b evaluated",
                    "b started 4 3",
                ]
            ),
            (1, ["a stepped", "b stepped"]),
            (
                2,
                [
                    "a stepped", "a evaluating", "b evaluating", "a evaluated, best",
                    "b evaluated, best", "b stepped",
                ]
            ),
            (
                3,
                [
                    "a stepped, epoch ends", "a evaluating", "b evaluating", "a evaluated, best",
                    "b evaluated, best", "a saving",
                    "b saving", "a saved", "b saved", "b stepped, epoch ends",
                ]
            ),
            (
                4,
                [
                    "a stepped, epoch ends", "a evaluating", "b evaluating", "a evaluated",
                    "b evaluated", "a saving", "b saving",
                    "a saved", "b saved", "b stepped, epoch ends", "a ended finished",
                    "b ended finished",
                ]
            ),
        ]
        let words = expected.flatMap { step, words in
            words.map { "\($0.prefix(1)) \(step): \($0.dropFirst(2))" }
        }
        #expect(heard == words)
    }

    @Test func theStrongestAnswerCounts() throws {
        func outcome(_ answers: [TrainingControl]) throws -> (TrainingOutcome, Int) {
            let trainer = try trainer(40)
            let callbacks = answers.map { answer in
                OnEvent { event, trainer in
                    if case .stepped = event, trainer.state.step == 2 { answer } else { .proceed }
                }
            }
            return (try trainer.run(callbacks), trainer.state.step)
        }
        #expect(try outcome([.proceed, .proceed]) == (.finished, 5))
        #expect(try outcome([.stop, .proceed]) == (.stopped, 2))
        #expect(try outcome([.stop, .finish, .proceed]) == (.outOfPatience, 2))
    }

    /// Asked to stop with the last step, a run has ended all the same.
    @Test func aStopAfterTheLastStepIsAnEnd() throws {
        #expect(try trainer(24).run([OnEvent(stopAfter: 3)]) == .finished)
    }

    @Test func whatACallbackThrowsEndsTheRun() throws {
        struct Full: Error {}
        let trainer = try trainer(40)
        #expect(throws: Full.self) {
            try trainer.run([
                OnEvent { event, trainer in
                    if case .stepped = event, trainer.state.step == 2 { throw Full() }
                    return .proceed
                }
            ])
        }
        #expect(trainer.state.step == 2)
        // Nothing is lost: it goes on from there.
        #expect(try trainer.run() == .finished)
    }

    // MARK: - Early stopping

    @Test(arguments: [
        (1, [1: 0.5, 2: 0.4, 3: 0.9], 2), (2, [1: 0.5, 2: 0.4, 3: 0.9, 4: 0.8, 5: 0.7], 5),
        // Equal is no improvement, and neither is a figure that is undefined.
        (2, [1: 0.5, 2: 0.5, 3: .nan, 4: 0.9], 3), (9, [1: 0.5], 5),
    ])
    func patience(_ patience: Int, _ values: [Int: Double], _ end: Int) throws {
        let trainer = try trainer(40) { $0.evaluateEvery = 1 }
        let planned = Planned(values)
        planned.trainer = trainer
        let outcome = try trainer.run([
            PeriodicEvaluation(planned), EarlyStopping(patience: patience),
        ])
        #expect(trainer.state.step == end)
        #expect(outcome == (end < 5 ? .outOfPatience : .finished))
    }

    /// A run that goes on knows that its patience was at its end.
    @Test func patienceThatWasAtItsEnd() throws {
        let trainer = try trainer(40) { $0.evaluateEvery = 1 }
        let planned = Planned([1: 0.5])
        planned.trainer = trainer
        let callbacks: [any TrainingCallback] = [
            PeriodicEvaluation(planned), EarlyStopping(patience: 2),
        ]
        #expect(try trainer.run(callbacks) == .outOfPatience)
        #expect(trainer.state.step == 3)
        #expect(try trainer.run(callbacks) == .outOfPatience)
        #expect(trainer.state.step == 3)
    }

    // MARK: - Figures of which less is better

    @Test func theLeastIsTheBestWhereLowerIsBetter() throws {
        func state(_ values: [Int: Double], _ direction: Direction) throws -> TrainingState {
            let trainer = try trainer(40) { $0.evaluateEvery = 1 }
            let planned = Planned(values, direction)
            planned.trainer = trainer
            var best: [Int] = []
            try trainer.run([
                PeriodicEvaluation(planned),
                OnEvent { event, trainer in
                    if case .evaluated(_, isBest: true) = event { best.append(trainer.state.step) }
                    return .proceed
                },
            ])
            #expect(best.last == trainer.state.bestStep)
            return trainer.state
        }
        let values = [0: 0.4, 1: 0.9, 2: 0.5, 3: 0.7, 4: 0.6, 5: 0.8]
        let lower = try state(values, .lower)
        #expect(lower.bestStep == 2 && lower.bestScore == 0.5)
        #expect(lower.beatsStart == false)
        #expect(lower.evaluationsSinceBest == 3)
        let higher = try state(values, .higher)
        #expect(higher.bestStep == 1 && higher.bestScore == 0.9)
        #expect(higher.beatsStart == true)
        #expect(try state([0: 0.6, 1: 0.5], .lower).beatsStart == true)
        // The direction is kept in checkpoints.
        let again = try JSONDecoder().decode(
            TrainingState.self, from: JSONEncoder().encode(lower))
        #expect(again == lower && again.beatsStart == false)
    }
}
