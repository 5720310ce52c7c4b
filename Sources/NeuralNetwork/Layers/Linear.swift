import Tensors

/// `y = x · weightᵀ + bias`, and what adapters add to it.
public struct Linear {
    /// [out, in]
    public let weight: Parameter
    /// [out]
    public let bias: Parameter
    private let adapters = Adapters()

    /// Shared by the copies of a layer, so that adapters may come to a model that exists.
    private final class Adapters {
        var list: [LoRA] = []
    }

    /// Creates a layer from `inputs` to `outputs` numbers.
    public init(
        _ inputs: Int, _ outputs: Int, in scope: ParameterScope, weight initial: Initializer,
        bias initialBias: Initializer = .zeros, mayBeMissing: Bool = false
    ) {
        weight = scope.parameter("weight", [outputs, inputs], initial, mayBeMissing: mayBeMissing)
        bias = scope.parameter("bias", [outputs], initialBias, mayBeMissing: mayBeMissing)
    }

    /// Creates several layers of the same size side by side, computed as one and named `children` in files.
    public init(
        stacking children: [String], _ inputs: Int, _ outputs: Int, in scope: ParameterScope,
        weight initial: Initializer
    ) {
        weight = scope.stacked(children, "weight", [outputs, inputs], initial)
        bias = scope.stacked(children, "bias", [outputs], .zeros)
    }

    /// [..., in] to [..., out]
    public func callAsFunction(_ x: Tensor) -> Tensor {
        adapters.list.reduce(x.linear(weight: weight, bias: bias)) { y, adapter in
            adapter(x, addedTo: y)
        }
    }

    /// The layer of gelu(x): one operation, unless an adapter needs gelu(x) too. [..., in] to [..., out]
    func ofGELU(_ x: Tensor) -> Tensor {
        adapters.list.isEmpty ? x.geluLinear(weight: weight, bias: bias) : self(x.gelu())
    }

    /// Replaces the adapters, each of which is of a part of this layer's weight.
    package func setAdapters(_ list: [LoRA]) { adapters.list = list }
}
