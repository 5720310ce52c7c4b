/// Where a run stands: with the configuration and the data, all that is needed to go on.
public struct TrainingState: Codable, Sendable, Equatable {
    /// Optimizer steps taken.
    public var step = 0
    /// Epochs finished.
    public var epoch = 0
    /// Batches of the current epoch that are done.
    public var batch = 0
    /// The figures before the first step, by name; nil when nothing was measured.
    public var before: [String: Double]?
    /// The primary one of them.
    public var scoreBefore: Double?
    /// The best primary figure of an evaluation after the first step so far.
    public var bestScore: Double?
    /// The step of that evaluation.
    public var bestStep: Int?
    /// Evaluations since the best.
    public var evaluationsSinceBest = 0

    /// Creates the state of a run that has not begun.
    public init() {}

    /// Whether the best evaluation beats the one before the first step; nil while one of them is missing.
    public var beatsStart: Bool? {
        guard let scoreBefore, let bestScore else { return nil }
        return bestScore > scoreBefore
    }
}

/// What a run reports as it goes.
public enum TrainingEvent: Sendable {
    /// About to take the first step.
    case started(totalSteps: Int, stepsPerEpoch: Int)
    /// An optimizer step was taken.
    case stepped(StepReport)
    /// The model was evaluated; `isBest` when it beat all evaluations since the first step.
    case evaluated(Evaluation, isBest: Bool)
    /// An evaluation gave no figure at all, and the best stays as it was.
    case evaluationFailed(reason: String)
    /// A checkpoint is complete on disk.
    case saved(path: String)
}

/// One optimizer step in numbers.
public struct StepReport: Sendable, Equatable {
    /// The mean loss of the step's pairs.
    public let loss: Float
    /// The learning rate that was used.
    public let learningRate: Float
    /// The norm of the gradient before clipping.
    public let gradientNorm: Double
    /// Pairs in the step.
    public let pairs: Int
    /// Tokens in the step, special tokens included.
    public let tokens: Int
}

/// The answer to an event.
public enum TrainingControl: Sendable {
    /// Go on.
    case proceed
    /// Save a checkpoint and end after this step.
    case stop
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
