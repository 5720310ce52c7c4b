import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Sets the farthest text of the same class nearer than the nearest of another: for each text
/// `max(d(farthest positive) − d(nearest negative) + margin, 0)`.
///
/// | Columns | Labels |
/// |---|---|
/// | one text | a class |
///
/// Hermans, Beyer and Leibe 2017, arXiv:1703.07737. Batches should hold several texts of each class, and of several
/// classes. Learns fast but follows mislabelled texts; `BatchSemiHardTripletLoss` and `BatchAllTripletLoss` do less so.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, classNames: ["sports", "politics"])
/// let loss = try BatchHardTripletLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: [0, 1, 1, 0])
/// ```
public struct BatchHardTripletLoss: Loss {
    /// `batch_hard_triplet`
    public static let name = "batch_hard_triplet"
    /// One.
    public static let columns = 1...1
    /// With two rows of a class at least, for a triplet has an anchor and a positive.
    public static let batches = BatchPreference.withPairsOfClasses
    private let configuration: BatchTripletSettings

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: BatchTripletSettings, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        try Self.checkClasses(context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; a class for each text.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Int32]) -> Tensor {
        BatchDistances(configuration.distanceMetric, embeddings[0], labels).hardestLoss { excess in
            let value = excess + Double(configuration.margin)
            return value > 0 ? (value, 1) : (0, 0)
        }
    }
}
