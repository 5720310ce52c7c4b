import EvaluationMetrics

/// The main figure of an evaluation before training and after it.
public struct FigureChange: Sendable, Equatable {
    /// The name, which begins with the split: `dev_spearman_cosine`.
    public let name: String
    /// The value before training; nil when there is none.
    public let before: Double?
    /// The value of the model that is delivered; NaN when it is undefined.
    public let after: Double
    /// Which values are better.
    public let direction: Direction
    /// Where the change lies with 95 % of the ways in which the rows of the test could have been drawn; nil when the figure
    /// is not one of rows.
    public let interval: ClosedRange<Double>?

    /// Creates a change.
    public init(
        name: String, before: Double?, after: Double, direction: Direction,
        interval: ClosedRange<Double>?
    ) {
        (self.name, self.before, self.after) = (name, before, after)
        (self.direction, self.interval) = (direction, interval)
    }

    /// By how much the value rose.
    public var change: Double? {
        guard let before, before.isFinite, after.isFinite else { return nil }
        return after - before
    }

    /// What training did.
    public enum Verdict: String, Sendable {
        /// The model is better than it was.
        case better
        /// No difference that could not be the choice of rows, or one below a thousandth where there is no interval.
        case aboutTheSame = "about the same"
        /// The model is worse than it was.
        case worse
    }

    /// What training did; nil when there is nothing to compare with.
    public var verdict: Verdict? {
        guard let before, let change else { return nil }
        let least = 0.001 * max(1, abs(before))
        let (low, high) = (
            interval?.lowerBound ?? change - least, interval?.upperBound ?? change + least
        )
        if low <= 0, high >= 0 { return .aboutTheSame }
        return (low > 0) == (direction == .higher) ? .better : .worse
    }
}
