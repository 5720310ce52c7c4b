import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Sets each anchor nearer to its positive than to its negative: `max(d(a, p) − d(a, n) + margin, 0)`.
///
/// | Columns | Labels |
/// |---|---|
/// | anchor, positive, negative | none |
///
/// Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832. `MultipleNegativesRankingLoss` takes the same rows, sets
/// each anchor against all texts of the batch besides its own negative, and is mostly better.
///
/// ```swift
/// var settings = TripletLoss.Configuration()
/// settings.margin = 1
/// let loss = try TripletLoss(settings, LossContext(dimension: 384, columns: 3), in: store.root)
/// let value = loss([anchors, positives, negatives], labels: [])
/// ```
public struct TripletLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How far two embeddings are from each other.
        public var distanceMetric = DistanceMetric.euclidean
        /// How much farther the negative should be.
        public var margin: Float = 5

        /// `distance_metric`, `triplet_margin`
        public static let settings = [
            Setting(
                "distance_metric", \Self.distanceMetric,
                "How far two embeddings are from each other."),
            Setting(
                "triplet_margin", \Self.margin, .atLeast(0),
                "How much farther the negative should be than the positive."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `triplet`
    public static let name = "triplet"
    /// Three.
    public static let columns = 3...3
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The mean over a batch, a scalar.
    public func callAsFunction(_ embeddings: [Tensor], labels: [NoLabel]) -> Tensor {
        let metric = configuration.distanceMetric
        let positive = metric.ofRows(embeddings[0], embeddings[1])
        let negative = metric.ofRows(embeddings[0], embeddings[2])
        return (positive - negative + configuration.margin).relu().mean()
    }
}
