import ExampleFiles
import Losses

/// Measures the first numbers of each embedding, as another evaluator measures whole ones.
public struct TruncatedEvaluator: Evaluator {
    /// The length that embeddings are cut to.
    public let dimension: Int
    private let evaluator: any Evaluator

    /// Cuts embeddings for an evaluator; `dimension` is at most the model's.
    public init(_ evaluator: any Evaluator, to dimension: Int) {
        self.evaluator = evaluator
        self.dimension = dimension
    }

    /// The other evaluator's name.
    public var name: String { evaluator.name }
    /// The other evaluator's task.
    public var task: String { evaluator.task }
    /// The other evaluator's rows.
    public var table: ExampleTable? { evaluator.table }

    /// What the other evaluator checks.
    ///
    /// - Throws: What the other evaluator throws.
    public func check(_ losses: [String: any Loss]) throws(EvaluationError) {
        try evaluator.check(losses)
    }

    /// What the other evaluator checks.
    ///
    /// - Throws: What the other evaluator throws.
    public func check(_ model: SentenceTransformer) throws(EvaluationError) {
        try evaluator.check(model)
    }

    /// The other evaluator's figures; afterwards the model gives embeddings as long as before.
    ///
    /// - Throws: `ConfigurationError` for a length that the model does not have, and what the other evaluator throws.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        let before = model.embeddingDimension
        defer { try? model.truncateEmbeddings(to: before) }
        try model.truncateEmbeddings(to: dimension)
        return try evaluator.evaluate(model, losses: losses)
    }
}
