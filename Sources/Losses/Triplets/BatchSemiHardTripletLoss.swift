import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Sets each pair of a class against the nearest negative that is farther than the pair is apart, or else against the
/// farthest: the mean of `max(d(a, p) − d(a, n) + margin, 0)` over all pairs of texts of the same class.
///
/// | Columns | Labels |
/// |---|---|
/// | one text | a class |
///
/// Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832. Batches should hold several texts of each class, and of
/// several classes. It avoids the collapse that the hardest negatives can cause early in training. 0 without pairs or
/// negatives.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, classNames: ["sports", "politics"])
/// let loss = try BatchSemiHardTripletLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: [0, 1, 1, 0])
/// ```
public struct BatchSemiHardTripletLoss: Loss {
    /// `batch_semi_hard_triplet`
    public static let name = "batch_semi_hard_triplet"
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
            var (total, pairs) = (0.0, 0)
            for row in 0..<rows {
                let negatives = batch.negatives(of: row).map { (distances[row * rows + $0], $0) }
                    .sorted { $0 < $1 }
                guard let farthest = negatives.last else { continue }
                for positive in batch.positives(of: row) {
                    pairs += 1
                    let distance = distances[row * rows + positive]
                    // The first that is farther, by bisection.
                    var (low, high) = (0, negatives.count)
                    while low < high {
                        let middle = (low + high) / 2
                        if negatives[middle].0 > distance {
                            high = middle
                        } else {
                            low = middle + 1
                        }
                    }
                    let negative = low < negatives.count ? negatives[low] : farthest
                    let value = distance - negative.0 + configuration.margin
                    if value <= 0 { continue }
                    total += Double(value)
                    gradient[row * rows + positive] += 1
                    gradient[row * rows + negative.1] -= 1
                }
            }
            if pairs == 0 { return 0 }
            for i in gradient.indices { gradient[i] /= Float(pairs) }
            return total / Double(pairs)
        }
    }
}
