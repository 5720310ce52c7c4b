import ExampleFiles
import Foundation
import NeuralNetwork
import Settings
import Tensors

/// `BatchHardTripletLoss` without a margin to choose: `log(1 + e^(d(farthest positive) − d(nearest negative)))`.
///
/// | Columns | Labels |
/// |---|---|
/// | one text | a class |
///
/// Hermans, Beyer and Leibe 2017, arXiv:1703.07737. Batches should hold several texts of each class, and of several
/// classes. Take it when no margin is known to fit; it never stops pulling.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, classNames: ["sports", "politics"])
/// let loss = try BatchHardSoftMarginTripletLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: [0, 1, 1, 0])
/// ```
public struct BatchHardSoftMarginTripletLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How far two embeddings are from each other.
        public var distanceMetric = DistanceMetric.euclidean

        /// `distance_metric`
        public static let settings = [
            Setting(
                "distance_metric", \Self.distanceMetric,
                "How far two embeddings are from each other.")
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `batch_hard_soft_margin_triplet`
    public static let name = "batch_hard_soft_margin_triplet"
    /// One.
    public static let columns = 1...1
    /// With two rows of a class at least, for a triplet has an anchor and a positive.
    public static let batches = BatchPreference.withPairsOfClasses
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        try Self.checkClasses(context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; a class for each text.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Int32]) -> Tensor {
        BatchDistances(configuration.distanceMetric, embeddings[0], labels).hardestLoss { excess in
            (max(excess, 0) + log1p(exp(-abs(excess))), 1 / (1 + exp(-excess)))
        }
    }
}
