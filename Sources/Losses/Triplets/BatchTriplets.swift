import Settings
import Tensors

/// The settings of losses that choose triplets within a batch.
public struct BatchTripletSettings: Settings {
    /// How far two embeddings are from each other.
    public var distanceMetric = DistanceMetric.euclidean
    /// How much farther the negative should be.
    public var margin: Float = 5

    /// `distance_metric`, `margin`
    public static let settings = [
        Setting(
            "distance_metric", \Self.distanceMetric, "How far two embeddings are from each other."),
        Setting(
            "margin", \Self.margin, .atLeast(0),
            "How much farther the negative should be than the positive."),
    ]
    /// Creates the defaults.
    public init() {}
}

extension Loss where Label == Int32 {
    /// Checks that there are classes to choose between.
    static func checkClasses(_ context: LossContext) throws(LossError) {
        if context.classNames.count == 1 {
            throw unusable(
                needs: "labels of at least 2 classes",
                found: "all are '\(context.classNames[0])'")
        }
    }
}

/// The distances between all rows of a batch [rows, rows], from which a loss chooses triplets.
struct BatchDistances {
    let distances: Tensor
    let labels: [Int32]

    init(_ metric: DistanceMetric, _ x: Tensor, _ labels: [Int32]) {
        distances = metric.ofAll(x, x)
        self.labels = labels
    }

    /// A loss that `choose` computes from the distances, in row-major order; it adds its derivatives to the gradient.
    func loss(
        _ choose: (_ distances: Span<Float>, _ gradient: inout [Float]) -> Double
    ) -> Tensor {
        var derivatives = [Float](repeating: 0, count: labels.count * labels.count)
        let loss = distances.withSpan { choose($0, &derivatives) }
        let gradient = Tensor(derivatives, distances.shape)
        return .custom([distances]) { _ in
            Tensor(Float(loss))
        } backward: { _, _, factor in
            [gradient * factor.item()]
        }
    }

    /// The rows that differ from `row` in class.
    func negatives(of row: Int) -> [Int] { labels.indices.filter { labels[$0] != labels[row] } }

    /// The other rows of the class of `row`.
    func positives(of row: Int) -> [Int] {
        labels.indices.filter { $0 != row && labels[$0] == labels[row] }
    }

    /// The mean over the rows of `penalty`, a function of how much farther the farthest positive is than the nearest
    /// negative, which gives its value and derivative.
    ///
    /// A row without a positive has one at distance 0; where no row has a negative both distances count as equal.
    func hardestLoss(_ penalty: (Double) -> (value: Double, derivative: Double)) -> Tensor {
        loss { distances, gradient in
            let rows = labels.count
            var total = 0.0
            for row in 0..<rows {
                func distance(_ other: Int) -> Float { distances[row * rows + other] }
                let farthest = positives(of: row).max { distance($0) < distance($1) }
                let nearest = negatives(of: row).min { distance($0) < distance($1) }
                guard let nearest else {
                    total += penalty(0).value
                    continue
                }
                let positive = farthest.map { Double(distance($0)) } ?? 0
                let (value, derivative) = penalty(positive - Double(distance(nearest)))
                total += value
                let share = Float(derivative / Double(rows))
                if let farthest { gradient[row * rows + farthest] += share }
                gradient[row * rows + nearest] -= share
            }
            return total / Double(max(rows, 1))
        }
    }
}
