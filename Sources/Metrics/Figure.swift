/// Which values of a figure are better.
public enum Direction: String, Sendable, Equatable {
    /// Larger ones.
    case higher
    /// Smaller ones.
    case lower
    /// None: the figure describes, such as the threshold at which another one was reached.
    case information
}

/// A named number that an evaluation gave.
public struct Figure: Sendable, Equatable {
    /// The name, such as `spearman_cosine`.
    public let name: String
    /// The value; NaN when it is undefined.
    public let value: Double
    /// Which values are better.
    public let direction: Direction

    /// Creates a figure.
    public init(_ name: String, _ value: Double, _ direction: Direction = .higher) {
        self.name = name
        self.value = value
        self.direction = direction
    }
}
