import Tensors

/// A low-rank change of a linear layer: `y + scale · B · A · dropout(x)`, of which A and B are trained and the layer's
/// weight is not.
///
/// Hu et al. 2021, arXiv:2106.09685. A begins as in PyTorch's `Linear`, B as zeros: the layer begins unchanged.
public struct LoRA {
    /// What it changes: the part of the layer's weight, [out, in].
    public let part: Parameter.Part
    /// [rank, in]
    public let a: Parameter
    /// [out, rank]
    public let b: Parameter
    /// What B · A is multiplied by.
    public let scale: Float
    /// The share of x that is zeroed in training.
    public let dropout: Float

    /// Creates the adapter of a part of a layer's weight, with parameters under the layer's name.
    package init(
        _ configuration: LoRAConfiguration, of part: Parameter.Part, in store: ParameterStore
    ) {
        self.part = part
        let (outputs, inputs, rank) = (part.shape[0], part.shape[1], configuration.rank)
        let scope = store.root / Self.module(of: part)
        // Kaiming-uniform with a = √5, as in PEFT.
        a = (scope / "lora_A").parameter(
            "weight", [rank, inputs], .uniform(bound: 1 / Float(inputs).squareRoot()))
        b = (scope / "lora_B").parameter("weight", [outputs, rank], .zeros)
        scale = configuration.scale
        dropout = configuration.dropout
    }

    /// The name of the layer that it changes.
    public var module: String { Self.module(of: part) }

    /// The name of the layer whose weight a part is.
    package static func module(of part: Parameter.Part) -> String {
        String(part.name.dropLast(".weight".count))
    }

    /// Adds its change to what the layer makes of `x`: [..., in] and [..., width] to [..., width], of which the columns
    /// of the part are changed.
    func callAsFunction(_ x: Tensor, addedTo y: Tensor) -> Tensor {
        let low = x.dropout(dropout).linear(weight: a, bias: nil) * scale
        let first = part.offset / part.shape[1]
        return y.addingColumns(low.linear(weight: b, bias: nil), from: first)
    }

    /// Adds scale · B · A to the values of the part.
    package func merge(into values: inout MutableSpan<Float>) {
        let change = b.tensor.matmul(a.tensor)
        change.withSpan { change in
            for i in values.indices { values[i] += scale * change[i] }
        }
    }
}
