import Tensors

/// `y = x · weightᵀ + bias`
public struct Linear {
    /// [out, in]
    public let weight: Parameter
    /// [out]
    public let bias: Parameter

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
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight: weight, bias: bias) }
}
