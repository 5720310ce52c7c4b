import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Ranks pairs as their scores do: `log(1 + Σ e^(scale · (sim_i − sim_j)))` over all i, j with score_i < score_j.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | a score; only the order counts |
///
/// Su 2022, "CoSENT" (kexue.fm/archives/8847). Needs batches of several pairs with different scores: among equal
/// scores there is nothing to learn. It takes the data of `CosineSimilarityLoss` and mostly ranks better; prefer that
/// one when the cosine itself should be the score.
///
/// ```swift
/// let loss = try CoSENTLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [0.8, 0.1])
/// ```
public struct CoSENTLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// What similarities are multiplied with, an inverse temperature.
        public var scale: Float = 20
        /// How alike two embeddings are.
        public var similarity = Similarity.cosine

        /// `scale`, `similarity_fct`
        public static let settings = [
            Setting("scale", \Self.scale, .above(0), "What similarities are multiplied with."),
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `cosent`
    public static let name = "cosent"
    /// Two.
    public static let columns = 2...2
    /// The score of the pair.
    public static let teacherLabels: TeacherLabels? = .similarity
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; one score for each pair.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Float]) -> Tensor {
        let similarities = configuration.similarity.ofRows(embeddings[0], embeddings[1])
        return orderLoss(similarities * configuration.scale, labels: labels)
    }
}

/// `log(1 + Σ e^(s_i − s_j))` over all i, j with label_i < label_j, for scores [rows].
func orderLoss(_ scores: Tensor, labels: [Float]) -> Tensor {
    let n = labels.count
    var isInOrder = [Bool](repeating: true, count: n * n)
    for i in 0..<n {
        for j in 0..<n where labels[i] < labels[j] { isInOrder[i * n + j] = false }
    }
    let differences = (scores.reshaped([n, 1]) - scores.reshaped([1, n]))
        .maskedFill(isInOrder, with: -.infinity)
    return Tensor.concatenated([differences.reshaped([n * n]), Tensor([0])]).logSumExp()
}
