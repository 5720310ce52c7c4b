import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Regression of the cosine: by default `mean((cos(u, v) − score)²)`.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | a score, 0...1 or −1...1 |
///
/// With settings: the mean of `f(g(cos(u, v)), score)`, where f is `loss_fct` and g is `cos_score_transformation`.
/// Reimers and Gurevych 2019, arXiv:1908.10084, section 3. `CoSENTLoss` learns from the same data, asks only for the
/// order of the scores, and is usually the better choice; take this one when the cosine itself should be the score.
///
/// ```swift
/// let loss = try CosineSimilarityLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [0.8, 0.1])
/// ```
public struct CosineSimilarityLoss: Loss {
    /// How far a score is from the one wanted.
    public enum Distance: String, CaseIterable, Sendable {
        /// The square of the difference.
        case mse
        /// The absolute difference.
        case l1
        /// `huber` with a delta of 1.
        case smoothL1 = "smooth_l1"
        /// Half the square of the difference, but linear beyond `delta`. Huber 1964.
        case huber
        /// Cross-entropy with the cosine as the logit of a probability.
        case bceWithLogits = "bce_with_logits"
    }

    /// What is done to the cosine first.
    public enum Transformation: String, CaseIterable, Sendable {
        /// Nothing.
        case identity
        /// `1 / (1 + e^−x)`
        case sigmoid
        /// The hyperbolic tangent.
        case tanh
        /// `max(x, 0)`
        case relu
    }

    /// The settings.
    public struct Configuration: Settings {
        /// How the score is compared with the one wanted.
        public var distance = Distance.mse
        /// What is done to the cosine first.
        public var transformation = Transformation.identity
        /// Where `huber` becomes linear.
        public var delta: Float = 1

        /// `loss_fct`, `cos_score_transformation`, `delta`
        public static let settings = [
            Setting("loss_fct", \Self.distance, "How a score is compared with the one wanted."),
            Setting(
                "cos_score_transformation", \Self.transformation,
                "What is done to the cosine first."),
            Setting(
                "delta", \Self.delta, .above(0), "The difference beyond which huber is linear."),
        ]
        /// Creates the defaults: the squared error of the cosine.
        public init() {}
    }

    /// `cosine`
    public static let name = "cosine"
    /// Two.
    public static let columns = 2...2
    /// The score of the pair.
    public static let teacherLabels: TeacherLabels? = .similarity
    /// Scores that no cosine can come near, such as a teacher's dot products.
    public static func problem(with labels: LabelColumn) -> LabelProblem? {
        guard case .scores(let scores) = labels,
            let other = scores.first(where: { !(-1.001...1.001).contains($0) })
        else { return nil }
        return LabelProblem(
            needs: "scores in -1...1",
            found:
                "one of \(other); scale them, or take cosent, which asks only for the order of scores"
        )
    }
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The loss of a batch, a scalar; one score for each pair.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Float]) -> Tensor {
        let cosine = embeddings[0].cosineSimilarity(embeddings[1])
        let score =
            switch configuration.transformation {
            case .identity: cosine
            case .sigmoid: cosine.sigmoid()
            case .tanh: cosine.tanh()
            case .relu: cosine.relu()
            }
        let wanted = Tensor(labels)
        return switch configuration.distance {
        case .mse: (score - wanted).squared().mean()
        case .l1: (score - wanted).abs().mean()
        case .smoothL1: huber(score - wanted, delta: 1).mean()
        case .huber: huber(score - wanted, delta: configuration.delta).mean()
        case .bceWithLogits: (score.softplus() - score * wanted).mean()
        }
    }

    /// Half the square, less half the square of what is beyond delta.
    private func huber(_ x: Tensor, delta: Float) -> Tensor {
        0.5 * (x.squared() - (x.abs() - delta).relu().squared())
    }
}
