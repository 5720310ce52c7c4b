import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// `ContrastiveLoss` on the hard pairs of a batch alone: alike ones farther apart than the nearest unlike pair, and
/// unlike ones nearer than the farthest alike pair.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | 1 for alike, 0 for not |
///
/// The sum of d² over the hard alike pairs and of max(margin − d, 0)² over the hard unlike ones. Of a kind of which a
/// batch has one pair or none, the mean distance of the other kind stands in. Introduced by sentence-transformers (UKP
/// Lab); the idea of choosing within the batch is that of Schroff et al. 2015, arXiv:1503.03832. Needs larger batches
/// than `ContrastiveLoss`.
///
/// ```swift
/// let loss = try OnlineContrastiveLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [1, 0])
/// ```
public struct OnlineContrastiveLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How far two embeddings are from each other.
        public var distanceMetric = DistanceMetric.cosine
        /// The distance from which on unlike pairs are left alone.
        public var margin: Float = 0.5

        /// `distance_metric`, `margin`
        public static let settings = [
            Setting(
                "distance_metric", \Self.distanceMetric,
                "How far two embeddings are from each other."),
            Setting(
                "margin", \Self.margin, .atLeast(0),
                "The distance from which on unlike pairs are left alone."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `online_contrastive`
    public static let name = "online_contrastive"
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
        let pairs = zip(distance.values, labels)
        let alike = pairs.filter { $0.1 == 1 }.map(\.0)
        let unlike = pairs.filter { $0.1 == 0 }.map(\.0)
        let farthest = alike.count > 1 ? alike.max() ?? 0 : mean(unlike)
        let nearest = unlike.count > 1 ? unlike.min() ?? 0 : mean(alike)
        let isHardAlike = pairs.map { $0 > nearest && $1 == 1 ? Float(1) : 0 }
        let isHardUnlike = pairs.map { $0 < farthest && $1 == 0 ? Float(1) : 0 }
        return
            (Tensor(isHardAlike) * distance.squared()
            + Tensor(isHardUnlike) * (configuration.margin - distance).relu().squared()).sum()
    }

    private func mean(_ values: [Float]) -> Float {
        values.isEmpty ? 0 : values.reduce(0, +) / Float(values.count)
    }
}
