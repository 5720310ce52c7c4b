import Foundation

/// Where a run stands: with the configuration and the data, all that is needed to go on.
public struct TrainingState: Codable, Sendable, Equatable {
    /// Optimizer steps taken.
    public var step = 0
    /// Epochs finished.
    public var epoch = 0
    /// Batches of the current epoch, of all tasks together, that are done.
    public var batch = 0
    /// The figures before the first step, by name; nil when nothing was measured.
    public var before: [String: Double]?
    /// The figures, before the first step, of what is measured after training alone.
    public var testBefore: [String: Double]?
    /// The primary one of those measured during training.
    public var scoreBefore: Double?
    /// The watched figures before the first step, by evaluation; nil when none is watched.
    public var watchedBefore: [String: Double]?
    /// The best primary figure of an evaluation so far; that before the first step counts only if the start may win.
    public var bestScore: Double?
    /// The step of that evaluation.
    public var bestStep: Int?
    /// Whether smaller scores are better; nil for larger ones.
    public var lowerIsBetter: Bool?
    /// The score that an evaluation has to beat to count for patience.
    public var scoreToBeat: Double?
    /// Evaluations since the last that counted for patience.
    public var evaluationsSinceBest = 0

    /// Creates the state of a run that has not begun.
    public init() {}
}
