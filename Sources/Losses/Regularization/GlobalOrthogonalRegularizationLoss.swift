import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Spreads embeddings over the sphere: random texts should be at right angles.
///
/// | Columns | Labels |
/// |---|---|
/// | any number of texts | none |
///
/// For each column, over all pairs of its rows: `mean_weight · mean(cos)² + second_moment_weight · max(mean(cos²) −
/// 1 / dimension, 0)`; the columns' values are averaged or summed. Zhang et al. 2017, arXiv:1708.06320. It knows nothing
/// of meaning: train with it beside another loss.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1)
/// let loss = try GlobalOrthogonalRegularizationLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: [])
/// ```
public struct GlobalOrthogonalRegularizationLoss: Loss {
    /// How the columns' values are put together.
    public enum Aggregation: String, CaseIterable, Sendable {
        /// Their mean.
        case mean
        /// Their sum.
        case sum
    }

    /// The settings.
    public struct Configuration: Settings {
        /// How alike two embeddings are.
        public var similarity = Similarity.cosine
        /// How much the square of the mean counts; 0 for not at all.
        public var meanWeight: Float = 1
        /// How much the excess of the second moment counts; 0 for not at all.
        public var secondMomentWeight: Float = 1
        /// How the columns' values are put together.
        public var aggregation = Aggregation.mean

        /// `similarity_fct`, `mean_weight`, `second_moment_weight`, `aggregation`
        public static let settings = [
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are."),
            Setting(
                "mean_weight", \Self.meanWeight, .atLeast(0),
                "How much the square of the mean similarity counts."),
            Setting(
                "second_moment_weight", \Self.secondMomentWeight, .atLeast(0),
                "How much the excess of the second moment counts."),
            Setting(
                "aggregation", \Self.aggregation, "Whether columns are averaged or summed."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `global_orthogonal_regularization`
    public static let name = "global_orthogonal_regularization"
    /// One or more.
    public static let columns = 1...Int.max
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; a column of one row counts as 0.
    public func callAsFunction(_ embeddings: [Tensor], labels: [NoLabel]) -> Tensor {
        let sum = embeddings.dropFirst().reduce(loss(embeddings[0])) { $0 + loss($1) }
        return configuration.aggregation == .sum ? sum : sum / Float(embeddings.count)
    }

    private func loss(_ x: Tensor) -> Tensor {
        let (rows, dimension) = (x.shape[0], x.shape[1])
        var isOwn = [Bool](repeating: false, count: rows * rows)
        for i in 0..<rows { isOwn[i * rows + i] = true }
        let others = configuration.similarity.ofAll(x, x).maskedFill(isOwn, with: 0)
        let pairs = Float(max(rows * (rows - 1), 1))
        let mean = others.sum() / pairs
        let excess = (others.squared().sum() / pairs - 1 / Float(dimension)).relu()
        return mean.squared() * configuration.meanWeight
            + excess * configuration.secondMomentWeight
    }
}
