/// What a run reports as it goes.
public enum TrainingEvent: Sendable {
    /// About to take the first step, or the first one after the run went on.
    case started(totalSteps: Int, stepsPerEpoch: Int)
    /// An optimizer step was taken.
    case stepped(StepReport)
    /// The model is about to be evaluated.
    case evaluating
    /// The model was evaluated; `isBest` when it beat all evaluations since the first step, or since before it.
    case evaluated(Evaluation, isBest: Bool)
    /// A watched figure of the evaluation fell too far: the step cannot become the best.
    case regressed(Regression)
    /// An evaluation gave no figure at all, and the best stays as it was.
    case evaluationFailed(reason: String)
    /// A checkpoint is about to be written: what is kept of the run's files is to be written before.
    case saving
    /// A checkpoint is complete on disk.
    case saved(path: String)
    /// A checkpoint could not be written, and the run goes on.
    case notSaved(reason: String)
    /// There will be no further step.
    case ended(TrainingOutcome)
}

/// One optimizer step in numbers.
public struct StepReport: Sendable, Equatable {
    /// The mean loss of the step's rows.
    public let loss: Float
    /// The learning rate that was used.
    public let learningRate: Float
    /// The norm of the gradient before clipping.
    public let gradientNorm: Double
    /// Rows in the step.
    public let rows: Int
    /// Tokens in the step, special tokens included.
    public let tokens: Int
    /// Whether it was the last step of an epoch, or of the run.
    public internal(set) var isEpochEnd = false
    /// The epochs that are done, with the share of the one that the step is in.
    public internal(set) var epoch = 0.0
    /// How long the step took, without what callbacks did.
    public internal(set) var seconds = 0.0
}

/// The answer to an event.
public enum TrainingControl: Int, Sendable, Comparable {
    /// Go on.
    case proceed
    /// End after this step; the run can be resumed.
    case stop
    /// End after this step for good: more would not help.
    case finish

    /// Whether one asks for less than the other.
    public static func < (a: TrainingControl, b: TrainingControl) -> Bool {
        a.rawValue < b.rawValue
    }
}

/// How a run ended.
public enum TrainingOutcome: Sendable, Equatable {
    /// All steps were taken.
    case finished
    /// Evaluations stopped improving.
    case outOfPatience
    /// An event was answered with `stop`; the run can be resumed.
    case stopped
}

/// Sees what happens in a run, and may act on it: progress, logs, evaluation, early stopping and checkpoints are these.
public protocol TrainingCallback: AnyObject {
    /// Handles an event; events are given to the callbacks in their order.
    ///
    /// A callback may post events of its own with `trainer.post(_:)`, which all callbacks get before it returns.
    ///
    /// - Throws: What ends the run at once.
    func handle(_ event: TrainingEvent, _ trainer: Trainer) throws -> TrainingControl
}
