import Tensors

/// Layer normalisation over the last dimension (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
public struct LayerNorm {
    /// [width], by default initially 1.
    public let weight: Parameter
    /// [width], by default initially 0.
    public let bias: Parameter
    /// Added to the variance.
    public let epsilon: Float

    /// Creates a layer for vectors of `width`.
    public init(
        _ width: Int, epsilon: Float, in scope: ParameterScope, weight: Initializer = .ones,
        bias: Initializer = .zeros
    ) {
        self.weight = scope.parameter("weight", [width], weight)
        self.bias = scope.parameter("bias", [width], bias)
        self.epsilon = epsilon
    }

    /// LayerNorm(x)
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNorm(weight: weight, bias: bias, epsilon: epsilon)
    }

    /// LayerNorm(dropout(x) + residual); dropout only on a tape.
    public func callAsFunction(_ x: Tensor, residual: Tensor, dropout: Float) -> Tensor {
        x.addNorm(
            residual: residual, weight: weight, bias: bias, epsilon: epsilon, dropout: dropout)
    }
}
