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
            if step.isEpochEnd || trainer.isDue(trainer.configuration.evaluateEvery) {
                try trainer.requireSoundModel()
                try evaluate(trainer)
            }
        default: break
        }
        return .proceed
    }

    private func evaluate(_ trainer: Trainer) throws {
        let evaluation: Evaluation
        try trainer.post(.evaluating)
        do {
            evaluation = try trainer.withSavedWeights {
                try evaluator.evaluate(trainer.model, losses: trainer.losses)
            }
        } catch {
            if trainer.state.step > 0 { trainer.state.evaluationsSinceBest += 1 }
            return try trainer.post(.evaluationFailed(reason: "\(error)"))
        }
        let configuration = trainer.configuration
        let isBest = trainer.state.note(
            evaluation, minDelta: configuration.minDelta, startMayWin: configuration.startMayWin)
        try trainer.post(.evaluated(evaluation, isBest: isBest))
        for regression in trainer.state.regressions(evaluation) {
            try trainer.post(.regressed(regression))
        }
    }
}

extension Trainer {
    /// The losses of embeddings by the name of their task.
    public var losses: [String: any Loss] {
        Dictionary(uniqueKeysWithValues: tasks.map { ($0.name, $0.objective.module.loss) })
            .compactMapValues { $0 as? any Loss }
    }
}
