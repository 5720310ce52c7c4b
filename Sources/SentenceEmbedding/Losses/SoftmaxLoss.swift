import NeuralNetwork
import Tensors

/// Classification of pairs: cross-entropy of `softmax(W · (u, v, |u − v|) + b)`.
///
/// Reimers and Gurevych 2019, arXiv:1908.10084, section 3. The classifier starts as PyTorch's `Linear` does,
/// uniform in ±1 / √(3 · dimension).
public struct SoftmaxLoss: Loss {
    /// `softmax`
    public static let name = "softmax"
    /// The names of the classes, in the order of their ids.
    public let labelNames: [String]
    /// `classifier.weight` [classes, 3 · dimension] and `classifier.bias` [classes].
    public let parameters: ParameterStore
    private let classifier: Linear

    /// Creates the classifier from a seed, or from saved weights.
    public init(dimension: Int, labels: [String], source: ParameterSource) {
        labelNames = labels
        parameters = ParameterStore(source: source)
        let uniform = Initializer.uniform(bound: 1 / Float(3 * dimension).squareRoot())
        classifier = Linear(
            3 * dimension, labels.count, in: parameters.root / "classifier", weight: uniform,
            bias: uniform)
    }

    /// The score of each class for each pair: two of [pairs, dimension] to [pairs, classes].
    public func logits(_ u: Tensor, _ v: Tensor) -> Tensor {
        classifier(.concatenated([u, v, (u - v).abs()], axis: 1))
    }

    /// The mean cross-entropy, a scalar; labels are class ids.
    public func callAsFunction(_ u: Tensor, _ v: Tensor, labels: [Int32]) -> Tensor {
        logits(u, v).softmaxCrossEntropy(labels)
    }
}
