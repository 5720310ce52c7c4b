import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// The triplet loss of every triplet of a batch: the mean of `max(d(a, p) − d(a, n) + margin, 0)` over those above 0.
///
/// | Columns | Labels |
/// |---|---|
/// | one text | a class |
///
/// Hermans, Beyer and Leibe 2017, arXiv:1703.07737. Batches should hold several texts of each class, and of several
/// classes. The gentlest of the batch losses: mislabelled texts are outvoted. 0 when no triplet is above 0.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, classNames: ["sports", "politics"])
/// let loss = try BatchAllTripletLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: [0, 1, 1, 0])
/// ```
public struct BatchAllTripletLoss: Loss {
    /// `batch_all_triplet`
    public static let name = "batch_all_triplet"
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
        let batch = BatchDistances(configuration.distanceMetric, embeddings[0], labels)
        return batch.loss { distances, gradient in
            let rows = labels.count
            var (total, count) = (0.0, 0)
            for row in 0..<rows {
                let negatives = batch.negatives(of: row)
                for positive in batch.positives(of: row) {
                    let limit = distances[row * rows + positive] + configuration.margin
                    var chosen = 0
                    for negative in negatives {
                        let value = limit - distances[row * rows + negative]
                        if value <= 0 { continue }
                        total += Double(value)
                        chosen += 1
                        gradient[row * rows + negative] -= 1
                    }
                    gradient[row * rows + positive] += Float(chosen)
                    count += chosen
                }
            }
            if count == 0 { return 0 }
            for i in gradient.indices { gradient[i] /= Float(count) }
            return total / Double(count)
        }
    }
}
