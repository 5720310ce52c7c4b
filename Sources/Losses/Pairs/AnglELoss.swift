import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Ranks pairs as `CoSENTLoss` does, but by an angle whose gradient does not vanish where the cosine's does.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | a score; only the order counts |
/// | anchor, positive, negatives | none: 1 for the positive and 0 for the negatives |
/// | anchor, positive, negatives | a score y of the positive: y for it and 1 − y for the negatives |
///
/// The halves of an embedding are the real and the imaginary parts of complex numbers (an odd one gets a 0 more). The
/// similarity is the absolute sum of the parts of u / v over ‖u‖ / ‖v‖. Li and Li 2023, arXiv:2309.12871. Try it where
/// scores crowd at both ends of the range, else `CoSENTLoss`.
///
/// ```swift
/// let loss = try AnglELoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [0.8, 0.1])
/// ```
public struct AnglELoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// What similarities are multiplied with, an inverse temperature.
        public var scale: Float = 20

        /// `scale`
        public static let settings = [
            Setting("scale", \Self.scale, .above(0), "What similarities are multiplied with.")
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `angle`
    public static let name = "angle"
    /// Two, or more with negatives.
    public static let columns = 2...Int.max
    /// The score of the pair.
    public static let teacherLabels: TeacherLabels? = .similarity
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        if context.columns == 2 && !context.hasLabels {
            throw Self.unusable(
                needs: "a score for each pair, or a column of negatives",
                found: "these pairs have no labels and no negatives")
        }
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; a score for each row, or none for any.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Float?]) -> Tensor {
        let scores = labels.map { $0 ?? 1 }
        let similarities = embeddings.dropFirst().map { similarity(embeddings[0], $0) }
        let negatives = similarities.dropFirst().flatMap { _ in scores.map { 1 - $0 } }
        return orderLoss(
            Tensor.concatenated(similarities) * configuration.scale, labels: scores + negatives)
    }

    /// The sum of the parts of u / v over ‖u‖ / ‖v‖ is √2 times the cosine of u and v turned by 45 degrees.
    private func similarity(_ u: Tensor, _ v: Tensor) -> Tensor {
        let (u, v) = (padded(u), padded(v))
        let half = v.shape[1] / 2
        let (real, imaginary) = (v.slice(0..<half, axis: 1), v.slice(half..<2 * half, axis: 1))
        let turned = Tensor.concatenated([real - imaginary, real + imaginary], axis: 1)
        return u.cosineSimilarity(turned).abs() * Float(2).squareRoot()
    }

    private func padded(_ x: Tensor) -> Tensor {
        x.shape[1].isMultiple(of: 2)
            ? x : .concatenated([x, .zeros([x.shape[0], 1])], axis: 1)
    }
}
