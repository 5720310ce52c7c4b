import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Classification of pairs: cross-entropy of `softmax(W · f + b)`, by default with `f = (u, v, |u − v|)`.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | a class |
///
/// Reimers and Gurevych 2019, arXiv:1908.10084, section 3. The classifier starts as PyTorch's `Linear` does, uniform
/// in ±1 / √(length of f). With entailment data `MultipleNegativesRankingLoss` on the entailed pairs, contradictions as
/// negatives, gives clearly better embeddings.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 2, classNames: ["no", "perhaps", "yes"])
/// let loss = try SoftmaxLoss(.init(), context, in: store.root)
/// let value = loss([u, v], labels: [2, 0])
/// ```
public struct SoftmaxLoss: ClassifyingLoss {
    /// The settings.
    public struct Configuration: Settings {
        /// Whether the classifier sees both embeddings.
        public var concatenatesEmbeddings = true
        /// Whether it sees |u − v|.
        public var concatenatesDifference = true
        /// Whether it sees u · v, element by element.
        public var concatenatesProduct = false
        /// How much each class counts, in the order of the class ids; none when all count alike.
        public var classWeights: [Float] = []
        /// How much of the wanted probability is spread over all classes.
        public var labelSmoothing: Float = 0

        /// `concatenation_sent_rep`, `concatenation_sent_difference`, `concatenation_sent_multiplication`,
        /// `class_weights`, `label_smoothing`
        public static let settings = [
            Setting(
                "concatenation_sent_rep", \Self.concatenatesEmbeddings,
                "Whether the classifier sees the two embeddings."),
            Setting(
                "concatenation_sent_difference", \Self.concatenatesDifference,
                "Whether the classifier sees the absolute difference of the embeddings."),
            Setting(
                "concatenation_sent_multiplication", \Self.concatenatesProduct,
                "Whether the classifier sees the elementwise product of the embeddings."),
            Setting(
                "class_weights", \Self.classWeights, .atLeast(0),
                "How much each class counts, in the order of the classes; none: all alike."),
            Setting(
                "label_smoothing", \Self.labelSmoothing, .from(0, to: 1),
                "How much of the wanted probability is spread over all classes."),
        ]
        /// Creates the defaults, those of the paper.
        public init() {}
    }

    /// `softmax`
    public static let name = "softmax"
    /// Two.
    public static let columns = 2...2
    private let configuration: Configuration
    private let classifier: Linear

    /// Creates the classifier: `classifier.weight` [classes, length of f] and `classifier.bias` [classes].
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        let classes = context.classNames.count
        if classes < 2 {
            throw Self.unusable(
                needs: "labels of at least 2 classes",
                found: classes == 1
                    ? "all are '\(context.classNames[0])'" : "these labels are no classes")
        }
        let weights = configuration.classWeights
        if !weights.isEmpty {
            if weights.count != classes {
                throw Self.invalid(
                    "class_weights", found: "a list of \(weights.count)",
                    expected:
                        "a weight for each of the \(classes) classes: \(context.classNames.joined(separator: ", "))"
                )
            }
            if weights.allSatisfy({ $0 == 0 }) {
                throw Self.invalid(
                    "class_weights", found: "nothing but 0", expected: "one weight above 0 at least"
                )
            }
        }
        let parts =
            (configuration.concatenatesEmbeddings ? 2 : 0)
            + (configuration.concatenatesDifference ? 1 : 0)
            + (configuration.concatenatesProduct ? 1 : 0)
        if parts == 0 {
            throw Self.invalid(
                "concatenation_sent_rep", found: "false, as are the difference and the product",
                expected: "one of the three to be true: the classifier would see nothing")
        }
        self.configuration = configuration
        let width = parts * context.dimension
        let uniform = Initializer.uniform(bound: 1 / Float(width).squareRoot())
        classifier = Linear(
            width, classes, in: scope / "classifier", weight: uniform, bias: uniform)
    }

    /// False: the classifier knows whole embeddings alone.
    public var takesCutEmbeddings: Bool { false }

    /// The score of each class for each pair: two of [pairs, dimension] to [pairs, classes].
    public func logits(_ embeddings: [Tensor]) -> Tensor {
        let (u, v) = (embeddings[0], embeddings[1])
        var parts: [Tensor] = []
        if configuration.concatenatesEmbeddings { parts += [u, v] }
        if configuration.concatenatesDifference { parts.append((u - v).abs()) }
        if configuration.concatenatesProduct { parts.append(u * v) }
        return classifier(.concatenated(parts, axis: 1))
    }

    /// The mean cross-entropy, a scalar; labels are class ids.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Int32]) -> Tensor {
        logits(embeddings).softmaxCrossEntropy(
            labels,
            classWeights: configuration.classWeights.isEmpty ? nil : configuration.classWeights,
            labelSmoothing: configuration.labelSmoothing)
    }
}
