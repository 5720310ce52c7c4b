import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Copies by how much a teacher prefers the positive: the mean of `(sim(q, p) − sim(q, n) − margin)²`.
///
/// | Columns | Labels |
/// |---|---|
/// | query, positive, negative | a score: the teacher's margin |
/// | query, positive, negatives | a vector: the teacher's margin for each negative |
/// | query, positive, negatives | a vector: the teacher's scores of the positive and of each negative |
///
/// Hofstätter et al. 2020, arXiv:2010.02666; the teacher is mostly a cross-encoder, and its scores are taken as they
/// are. `DistillKLDivLoss` learns from the same scores and minds their scale less.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 3, labelWidth: 2)
/// let loss = try MarginMSELoss(.init(), context, in: store.root)
/// let value = loss([queries, positives, negatives], labels: [[9.1, 2.3], [8.4, -1.2]])
/// ```
public struct MarginMSELoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How alike two embeddings are.
        public var similarity = Similarity.dot

        /// `similarity_fct`
        public static let settings = [
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are.")
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `margin_mse`
    public static let name = "margin_mse"
    /// Three, or more with several negatives.
    public static let columns = 3...Int.max
    /// The scores of the positive and of each negative.
    public static let teacherLabels: TeacherLabels? = .similarities
    private let similarity: Similarity
    private let negatives: Int

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        similarity = configuration.similarity
        negatives = context.columns - 2
        let width = context.labelWidth
        if width != negatives && width != negatives + 1 {
            throw Self.unusable(
                needs: negatives == 1
                    ? "a teacher's margin, or its scores of the positive and the negative, as a label"
                    : "a teacher's \(negatives) margins, or its \(negatives + 1) scores of the positive and the negatives, as a label",
                found: "these labels have \(width) number\(width == 1 ? "" : "s")")
        }
    }

    /// The mean over rows and negatives, a scalar; the teacher's margins or scores for each row.
    public func callAsFunction(_ embeddings: [Tensor], labels: [[Float]]) -> Tensor {
        let positive = similarity.ofRows(embeddings[0], embeddings[1])
        let margins = Tensor.columns(
            embeddings[2...].map { positive - similarity.ofRows(embeddings[0], $0) })
        let wanted = labels.map { label in
            label.count > negatives ? label.dropFirst().map { label[0] - $0 } : label
        }
        return (margins - Tensor(wanted, columns: 0..<negatives)).squared().mean()
    }
}
