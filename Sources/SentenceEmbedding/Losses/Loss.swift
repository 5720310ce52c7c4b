import NeuralNetwork
import Tensors

/// Scores the embeddings of a batch of pairs against their labels.
///
/// A loss knows embeddings, not the model that made them. The parameters it adds, such as a classifier,
/// are its own, and are trained, clipped, saved and restored with the model's.
public protocol Loss {
    /// What a pair is labelled with.
    associatedtype Label: Sendable
    /// The name in recipes and checkpoints.
    static var name: String { get }
    /// The names of the classes, in the order of their ids; empty when labels are numbers.
    var labelNames: [String] { get }
    /// The loss's own parameters, none for most.
    var parameters: ParameterStore { get }
    /// The loss of a batch, a scalar; `u` and `v` are [pairs, dimension], one label for each pair.
    func callAsFunction(_ u: Tensor, _ v: Tensor, labels: [Label]) -> Tensor
}

extension Loss {
    var name: String { Self.name }
}
