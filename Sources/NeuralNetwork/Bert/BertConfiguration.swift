/// The shape of a BERT encoder, as in Hugging Face's `config.json` (`BertConfig`).
public struct BertConfiguration: Codable, Sendable, Equatable {
    /// Number of rows of the word-embedding table.
    public var vocabularySize: Int
    /// Width of every token vector.
    public var hiddenSize: Int
    /// Number of encoder layers.
    public var layerCount: Int
    /// Attention heads in each layer; divides `hiddenSize`.
    public var headCount: Int
    /// Width of the feed-forward layer.
    public var intermediateSize: Int
    /// Longest sequence, in tokens.
    public var maxPositionEmbeddings: Int = 512
    /// Number of token types; only type 0 is used.
    public var typeVocabularySize: Int = 2
    /// Dropout on embeddings and on the outputs of both blocks of a layer, 0..<1.
    public var hiddenDropout: Float = 0.1
    /// Dropout on attention probabilities, 0..<1.
    public var attentionDropout: Float = 0.1
    /// Added to the variance in every LayerNorm.
    public var layerNormEpsilon: Float = 1e-12
    /// Standard deviation of initial weights.
    public var initializerRange: Float = 0.02

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case intermediateSize = "intermediate_size"
        case maxPositionEmbeddings = "max_position_embeddings"
        case typeVocabularySize = "type_vocab_size"
        case hiddenDropout = "hidden_dropout_prob"
        case attentionDropout = "attention_probs_dropout_prob"
        case layerNormEpsilon = "layer_norm_eps"
        case initializerRange = "initializer_range"
    }

    /// Creates a configuration; what is not given has BERT's usual value.
    public init(
        vocabularySize: Int, hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int
    ) {
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.intermediateSize = intermediateSize
    }
}
