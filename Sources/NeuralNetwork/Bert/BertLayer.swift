import Tensors

/// One encoder layer: self-attention and a feed-forward network, each followed by add-and-norm.
struct BertLayer {
    private let attention: BertAttention
    private let intermediate: Linear
    private let output: Linear
    private let activation: HiddenActivation.Function
    private let norm: LayerNorm
    private let dropout: Float

    init(_ configuration: BertConfiguration, in scope: ParameterScope) {
        let initial = Initializer.normal(standardDeviation: configuration.initializerRange)
        let (hidden, wide) = (configuration.hiddenSize, configuration.intermediateSize)
        attention = BertAttention(configuration, in: scope / "attention")
        intermediate = Linear(hidden, wide, in: scope / "intermediate" / "dense", weight: initial)
        output = Linear(wide, hidden, in: scope / "output" / "dense", weight: initial)
        activation = configuration.hiddenActivation.function
        norm = LayerNorm(
            hidden, epsilon: configuration.layerNormEpsilon, in: scope / "output" / "LayerNorm")
        dropout = configuration.hiddenDropout
    }

    /// The linear layers, in the order in which they are computed.
    var linearLayers: [Linear] { attention.linearLayers + [intermediate, output] }

    /// [tokens, hidden] to [tokens, hidden]
    func callAsFunction(_ x: Tensor, _ layout: SequenceLayout) -> Tensor {
        feedForward(attention(x, layout))
    }

    /// The layer as one of a decoder, which sees nothing after a token, with another attention in its middle:
    /// [tokens, hidden] to [tokens, hidden].
    func decoded(
        _ x: Tensor, _ layout: SequenceLayout, _ crossAttention: (Tensor) -> Tensor
    ) -> Tensor {
        feedForward(crossAttention(attention(x, layout, causal: true)))
    }

    private func feedForward(_ attended: Tensor) -> Tensor {
        let wide = intermediate(attended)
        let narrow =
            activation == .gelu ? output.ofGELU(wide) : output(activation(wide))
        return norm(narrow, residual: attended, dropout: dropout)
    }
}

/// Multi-head self-attention with its output projection and add-and-norm.
struct BertAttention {
    /// Query, key and value side by side: one product instead of three.
    private let queryKeyValue: Linear
    private let output: Linear
    private let norm: LayerNorm
    private let heads: Int
    private let attentionDropout: Float
    private let hiddenDropout: Float

    init(_ configuration: BertConfiguration, in scope: ParameterScope) {
        let initial = Initializer.normal(standardDeviation: configuration.initializerRange)
        let hidden = configuration.hiddenSize
        queryKeyValue = Linear(
            stacking: ["query", "key", "value"], hidden, hidden, in: scope / "self", weight: initial
        )
        output = Linear(hidden, hidden, in: scope / "output" / "dense", weight: initial)
        norm = LayerNorm(
            hidden, epsilon: configuration.layerNormEpsilon, in: scope / "output" / "LayerNorm")
        heads = configuration.headCount
        attentionDropout = configuration.attentionDropout
        hiddenDropout = configuration.hiddenDropout
    }

    var linearLayers: [Linear] { [queryKeyValue, output] }

    /// [tokens, hidden] to [tokens, hidden]
    func callAsFunction(
        _ x: Tensor, _ layout: SequenceLayout, causal: Bool = false
    ) -> Tensor {
        let context = queryKeyValue(x)
            .packedSelfAttention(layout, heads: heads, causal: causal, dropout: attentionDropout)
        return norm(output(context), residual: x, dropout: hiddenDropout)
    }
}
