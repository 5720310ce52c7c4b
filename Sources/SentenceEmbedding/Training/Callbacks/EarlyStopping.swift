/// Ends a run after so many evaluations in a row that did not improve on the best.
public final class EarlyStopping: TrainingCallback {
    private let patience: Int

    /// Creates a callback; `patience` is 1 or more.
    public init(patience: Int) {
        precondition(patience > 0, "a patience of \(patience): it must be above 0")
        self.patience = patience
    }

    /// Asks to finish when patience is at its end, also when it was before the run went on.
    public func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .started, .evaluated, .evaluationFailed:
            trainer.state.evaluationsSinceBest < patience ? .proceed : .finish
        default: .proceed
        }
    }
}
