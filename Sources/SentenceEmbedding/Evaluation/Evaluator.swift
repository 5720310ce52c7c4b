/// Measures a model, usually on held-out pairs.
public protocol Evaluator {
    /// Evaluates the model as it is now; nothing is recorded or changed.
    ///
    /// - Throws: `CorrelationError` when a figure is undefined: the model gives every pair the same score.
    func evaluate(_ model: SentenceTransformer) throws -> Evaluation
}

/// Figures of one evaluation, larger is better for the primary one.
public struct Evaluation: Sendable, Equatable {
    /// Names and values in the order to print them.
    public let figures: [(name: String, value: Double)]
    /// The name of the figure that chooses the best model.
    public let primaryName: String

    /// Creates an evaluation; `primaryName` is one of the names.
    public init(_ figures: [(name: String, value: Double)], primary primaryName: String) {
        precondition(
            figures.contains { $0.name == primaryName }, "no figure is called \(primaryName)")
        self.figures = figures
        self.primaryName = primaryName
    }

    /// The figure with a name.
    public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }

    /// The figure that chooses the best model.
    public var primary: Double { self[primaryName] ?? .nan }

    /// Whether names and values are the same.
    public static func == (a: Evaluation, b: Evaluation) -> Bool {
        a.primaryName == b.primaryName && a.figures.elementsEqual(b.figures) { $0 == $1 }
    }
}
