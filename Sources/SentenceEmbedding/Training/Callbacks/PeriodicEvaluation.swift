import Losses

/// Measures the model before the first step, at intervals and after each epoch, and keeps the best score in the state.
public final class PeriodicEvaluation: TrainingCallback {
    private let evaluator: any Evaluator

    /// Creates a callback; the interval is the configuration's `evaluateEvery`.
    public init(_ evaluator: any Evaluator) { self.evaluator = evaluator }

    /// Evaluates where it is time.
    ///
    /// - Throws: `TrainingError` when the model is not sound.
    public func handle(
        _ event: TrainingEvent, _ trainer: Trainer
    ) throws -> TrainingControl {
        switch event {
        case .started where trainer.state.step == 0: try evaluate(trainer)
        case .stepped(let step):
            let interval = trainer.configuration.evaluateEvery
            if step.isEpochEnd || interval > 0 && trainer.state.step % interval == 0 {
                try trainer.requireSoundModel()
                try evaluate(trainer)
            }
        default: break
        }
        return .proceed
    }

    private func evaluate(_ trainer: Trainer) throws {
        let evaluation: Evaluation
        do {
            evaluation = try evaluator.evaluate(trainer.model, losses: trainer.losses)
        } catch {
            if trainer.state.step > 0 { trainer.state.evaluationsSinceBest += 1 }
            return try trainer.post(.evaluationFailed(reason: "\(error)"))
        }
        let isBest = trainer.state.note(evaluation)
        try trainer.post(.evaluated(evaluation, isBest: isBest))
    }
}

extension TrainingState {
    /// Keeps an evaluation's score; true when it is the best since the first step.
    mutating func note(_ evaluation: Evaluation) -> Bool {
        let figure = evaluation.primaryFigure
        let score = figure.flatMap { $0.value.isFinite ? $0.value : nil }
        lowerIsBetter = figure?.direction == .lower ? true : lowerIsBetter
        if step == 0 {
            before = evaluation.defined
            scoreBefore = score
            return false
        }
        if let score, bestScore.map({ isBetter(score, than: $0) }) ?? true {
            bestScore = score
            bestStep = step
            evaluationsSinceBest = 0
            return true
        }
        evaluationsSinceBest += 1
        return false
    }

    private func isBetter(_ score: Double, than other: Double) -> Bool {
        lowerIsBetter == true ? score < other : score > other
    }

    /// Whether the best evaluation beats the one before the first step; nil while one of them is missing.
    public var beatsStart: Bool? {
        guard let scoreBefore, let bestScore else { return nil }
        return isBetter(bestScore, than: scoreBefore)
    }
}

extension Trainer {
    /// The losses of embeddings by the name of their task.
    public var losses: [String: any Loss] {
        Dictionary(uniqueKeysWithValues: tasks.map { ($0.name, $0.objective.module.loss) })
            .compactMapValues { $0 as? any Loss }
    }
}
