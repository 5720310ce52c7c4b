import NeuralNetwork
import Tensors

/// Regression of the cosine: `mean((cos(u, v) − score)²)`, with scores in 0...1 (or −1...1).
///
/// Reimers and Gurevych 2019, arXiv:1908.10084, section 3.
public struct CosineSimilarityLoss: Loss {
    /// `cosine`
    public static let name = "cosine"
    /// None: labels are scores.
    public let labelNames: [String] = []
    /// None.
    public let parameters = ParameterStore(source: .random(seed: 0))

    /// Creates the loss.
    public init() {}

    /// The mean squared error of the pairs' cosines, a scalar.
    public func callAsFunction(_ u: Tensor, _ v: Tensor, labels: [Float]) -> Tensor {
        (u.cosineSimilarity(v) - Tensor(labels)).squared().mean()
    }
}
