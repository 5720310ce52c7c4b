/// Which values of a figure are better.
public enum Direction: String, Sendable, Equatable {
    /// Larger ones.
    case higher
    /// Smaller ones.
    case lower
    /// Neither: it only informs, as a threshold does.
    case information
}

/// A number that a model was measured to have.
public struct Figure: Sendable, Equatable {
    /// The name, as in sentence-transformers: `accuracy@10`.
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

    /// The figure with a longer name: `accuracy` of `cosine_` is `cosine_accuracy`.
    public func prefixed(_ prefix: String) -> Figure { Figure(prefix + name, value, direction) }
}

extension Figure {
    /// The best value of each figure over several groups that have the same names in the same order, such as one for
    /// each similarity: the smallest where smaller ones are better, else the largest; NaN when one is NaN.
    public static func best(of groups: [[Figure]]) -> [Figure] {
        guard let first = groups.first else { return [] }
        precondition(
            groups.allSatisfy { $0.map(\.name) == first.map(\.name) },
            "the groups have different figures")
        return first.indices.map { i in
            let values = groups.map { $0[i].value }
            let isDefined = !values.contains { $0.isNaN }
            let best = first[i].direction == .lower ? values.min() : values.max()
            return Figure(first[i].name, isDefined ? best ?? .nan : .nan, first[i].direction)
        }
    }
}

/// The mean; NaN of no numbers.
func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
