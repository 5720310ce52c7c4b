import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Draws alike pairs together and pushes others apart, up to a margin: `½ (y d² + (1 − y) max(margin − d, 0)²)`.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | 1 for alike, 0 for not |
///
/// Hadsell, Chopra and LeCun 2006 (CVPR), d being the distance. `OnlineContrastiveLoss` looks only at the hard pairs
/// of each batch and mostly learns more; without unlike pairs take `MultipleNegativesRankingLoss`.
///
/// ```swift
/// let loss = try ContrastiveLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [1, 0])
/// ```
public struct ContrastiveLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How far two embeddings are from each other.
        public var distanceMetric = DistanceMetric.cosine
        /// The distance from which on unlike pairs are left alone.
        public var margin: Float = 0.5
        /// Whether the loss is the mean over the pairs rather than their sum.
        public var averages = true

        /// `distance_metric`, `margin`, `size_average`
        public static let settings = [
            Setting(
                "distance_metric", \Self.distanceMetric,
                "How far two embeddings are from each other."),
            Setting(
                "margin", \Self.margin, .atLeast(0),
                "The distance from which on unlike pairs are left alone."),
            Setting(
                "size_average", \Self.averages,
                "Whether the loss is the mean over the pairs rather than their sum."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `contrastive`
    public static let name = "contrastive"
    /// Two.
    public static let columns = 2...2
    private let configuration: Configuration

    /// Scores other than 0 and 1.
    public static func problem(with labels: LabelColumn) -> LabelProblem? {
        problemWithBinaryScores(labels)
    }

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; 1 or 0 for each pair.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Float]) -> Tensor {
        let distance = configuration.distanceMetric.ofRows(embeddings[0], embeddings[1])
        let isAlike = Tensor(labels)
        let losses =
            0.5
            * (isAlike * distance.squared()
                + (1 - isAlike) * (configuration.margin - distance).relu().squared())
        return configuration.averages ? losses.mean() : losses.sum()
    }
}
