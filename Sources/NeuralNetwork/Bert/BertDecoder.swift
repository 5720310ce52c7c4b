import Tensors

/// A decoder made of an encoder's own layers, each of which also attends to one vector for its sequence.
///
/// Self-attention is causal. A softmax over one key is 1, so that attention to one vector is the same for all tokens of
/// its sequence: `output(value(vector))`, whatever query and key are, which therefore are not here. The names are
/// those of Hugging Face's `BertLMHeadModel`: `encoder.layer.0.crossattention.self.value.weight` and so on.
public struct BertDecoder {
    private let bert: Bert
    private let crossAttention: [CrossAttention]

    /// Creates the decoder of an encoder, with the parameters of `scope` for the attention to the vector.
    public init(_ bert: Bert, in scope: ParameterScope) {
        self.bert = bert
        crossAttention = (0..<bert.configuration.layerCount).map {
            CrossAttention(
                bert.configuration, in: scope / "encoder" / "layer" / "\($0)" / "crossattention")
        }
    }

    /// The last hidden state of every token, which depends on its sequence up to it and on the sequence's vector:
    /// [sequences, hidden] to [tokens, hidden]. Recorded on the vectors' tape.
    public func callAsFunction(_ batch: TokenBatch, vectors: Tensor) -> Tensor {
        precondition(
            vectors.shape == [batch.layout.count, bert.configuration.hiddenSize],
            "BertDecoder: vectors \(vectors.shape) for \(batch.layout.count) sequences")
        let sequences = (0..<batch.layout.count).flatMap { sequence in
            repeatElement(sequence, count: batch.layout.rows(of: sequence).count)
        }
        var x = bert.embeddings(batch, on: vectors.tape)
        for (layer, attention) in zip(bert.layers, crossAttention) {
            x = layer.decoded(x, batch.layout) { attention($0, vectors, sequences) }
        }
        return x
    }
}

/// Attention to one vector, with its output projection and add-and-norm.
private struct CrossAttention {
    let value: Linear
    let output: Linear
    let norm: LayerNorm
    let dropout: Float

    init(_ configuration: BertConfiguration, in scope: ParameterScope) {
        let initial = Initializer.normal(standardDeviation: configuration.initializerRange)
        let hidden = configuration.hiddenSize
        value = Linear(hidden, hidden, in: scope / "self" / "value", weight: initial)
        output = Linear(hidden, hidden, in: scope / "output" / "dense", weight: initial)
        norm = LayerNorm(
            hidden, epsilon: configuration.layerNormEpsilon, in: scope / "output" / "LayerNorm")
        dropout = configuration.hiddenDropout
    }

    /// [tokens, hidden] to [tokens, hidden]; `sequences` has the vector of each token.
    func callAsFunction(_ x: Tensor, _ vectors: Tensor, _ sequences: [Int]) -> Tensor {
        norm(output(value(vectors)).gather(sequences), residual: x, dropout: dropout)
    }
}
