import Tensors

/// The BERT encoder (Devlin et al. 2019, arXiv:1810.04805), with Hugging Face's names and definitions.
public struct Bert {
    /// The shape of the encoder.
    public let configuration: BertConfiguration
    let embeddings: BertEmbeddings
    let layers: [BertLayer]
    /// Part of every published BERT, but not of sentence embeddings: carried along, never trained.
    private let pooler: Linear

    /// The word embeddings, to which heads are tied: [vocabulary, hidden].
    public var wordEmbeddings: Parameter { embeddings.word }

    /// Creates the encoder with the parameters of `scope`.
    public init(_ configuration: BertConfiguration, in scope: ParameterScope) {
        self.configuration = configuration
        embeddings = BertEmbeddings(configuration, in: scope / "embeddings")
        layers = (0..<configuration.layerCount).map {
            BertLayer(configuration, in: scope / "encoder" / "layer" / "\($0)")
        }
        pooler = Linear(
            configuration.hiddenSize, configuration.hiddenSize, in: scope / "pooler" / "dense",
            weight: .normal(standardDeviation: configuration.initializerRange), mayBeMissing: true)
    }

    /// The linear layers that embeddings depend on, from the first to the last.
    package var linearLayers: [Linear] { layers.flatMap(\.linearLayers) }

    /// The last hidden state of every token: [tokens, hidden]. Recorded when there is a tape.
    public func callAsFunction(_ batch: TokenBatch, on tape: Tape? = nil) -> Tensor {
        hiddenStates(batch, afterLayers: [layers.count], on: tape)[0]
    }

    /// The hidden state of every token after each of some layers, in ascending order: of each [tokens, hidden].
    ///
    /// Layer 0 is what the embeddings give, layer n the n-th encoder layer. Layers above the last one asked for are not
    /// computed.
    public func hiddenStates(
        _ batch: TokenBatch, afterLayers wanted: [Int], on tape: Tape? = nil
    ) -> [Tensor] {
        precondition(
            !wanted.isEmpty && zip(wanted, wanted.dropFirst()).allSatisfy(<)
                && (0...layers.count).contains(wanted[0])
                && wanted[wanted.count - 1] <= layers.count,
            "hiddenStates: layers \(wanted) of 0...\(layers.count), which must ascend")
        var x = embeddings(batch, on: tape)
        var states = wanted[0] == 0 ? [x] : []
        for (number, layer) in layers.prefix(wanted[wanted.count - 1]).enumerated() {
            x = x.asInput(ofLayer: number).checkpointed { layer($0, batch.layout) }
            if wanted.contains(number + 1) { states.append(x) }
        }
        return states
    }
}

/// Word + position + token type (always 0), normalised.
struct BertEmbeddings {
    let word: Parameter
    private let position: Parameter
    private let tokenType: Parameter
    private let norm: LayerNorm
    private let dropout: Float

    init(_ configuration: BertConfiguration, in scope: ParameterScope) {
        let initial = Initializer.normal(standardDeviation: configuration.initializerRange)
        let hidden = configuration.hiddenSize
        word = (scope / "word_embeddings").parameter(
            "weight", [configuration.vocabularySize, hidden], initial, isRowSparse: true)
        position = (scope / "position_embeddings").parameter(
            "weight", [configuration.maxPositionEmbeddings, hidden], initial)
        tokenType = (scope / "token_type_embeddings").parameter(
            "weight", [configuration.typeVocabularySize, hidden], initial)
        norm = LayerNorm(hidden, epsilon: configuration.layerNormEpsilon, in: scope / "LayerNorm")
        dropout = configuration.hiddenDropout
    }

    /// [tokens, hidden]
    func callAsFunction(_ batch: TokenBatch, on tape: Tape?) -> Tensor {
        let types = [Int32](repeating: 0, count: batch.ids.count)
        let sum = Tensor.embeddingSum(
            [(batch.ids, word), (batch.positions, position), (types, tokenType)], on: tape)
        return norm(sum).dropout(dropout)
    }
}
