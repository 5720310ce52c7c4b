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
    /// The function inside the feed-forward blocks.
    public var hiddenActivation = HiddenActivation.gelu
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
        case hiddenActivation = "hidden_act"
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

    /// Reads a configuration; keys that are absent have the values of Hugging Face's `BertConfig`.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
            try keys.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        vocabularySize = try read(.vocabularySize, 30522)
        hiddenSize = try read(.hiddenSize, 768)
        layerCount = try read(.layerCount, 12)
        headCount = try read(.headCount, 12)
        intermediateSize = try read(.intermediateSize, 3072)
        hiddenActivation = try read(.hiddenActivation, .gelu)
        maxPositionEmbeddings = try read(.maxPositionEmbeddings, 512)
        typeVocabularySize = try read(.typeVocabularySize, 2)
        hiddenDropout = try read(.hiddenDropout, 0.1)
        attentionDropout = try read(.attentionDropout, 0.1)
        layerNormEpsilon = try read(.layerNormEpsilon, 1e-12)
        initializerRange = try read(.initializerRange, 0.02)
    }

    /// Checks that an encoder of this shape can exist.
    ///
    /// - Throws: `ConfigurationError` naming the first key that cannot be.
    public func validate() throws(ConfigurationError) {
        func require(_ holds: Bool, _ key: CodingKeys, _ found: Any, _ expected: String)
            throws(ConfigurationError)
        {
            if !holds {
                throw ConfigurationError(key: key.rawValue, found: "\(found)", expected: expected)
            }
        }
        // Far beyond any BERT, and small enough that no product of two sizes overflows.
        let (most, mostLayers) = (1 << 24, 1 << 10)
        for (key, size, limit) in [
            (CodingKeys.vocabularySize, vocabularySize, most), (.hiddenSize, hiddenSize, most),
            (.layerCount, layerCount, mostLayers), (.headCount, headCount, most),
            (.intermediateSize, intermediateSize, most),
            (.maxPositionEmbeddings, maxPositionEmbeddings, most),
            (.typeVocabularySize, typeVocabularySize, most),
        ] {
            try require((1...limit).contains(size), key, size, "1...\(limit)")
        }
        try require(
            hiddenSize % headCount == 0, .headCount, headCount,
            "a divisor of hidden_size, \(hiddenSize)")
        try require((0..<1).contains(hiddenDropout), .hiddenDropout, hiddenDropout, "0..<1")
        try require(
            (0..<1).contains(attentionDropout), .attentionDropout, attentionDropout, "0..<1")
        try require(
            (0..<1).contains(layerNormEpsilon), .layerNormEpsilon, layerNormEpsilon, "0..<1")
        try require(
            (0..<10).contains(initializerRange), .initializerRange, initializerRange, "0..<10")
    }
}

/// A size or rate of an encoder that cannot be.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The key, as in `config.json`.
    public let key: String
    /// Its value.
    public let found: String
    /// What it can be.
    public let expected: String

    package init(key: String, found: String, expected: String) {
        self.key = key
        self.found = found
        self.expected = expected
    }

    /// What is wrong.
    public var description: String { "\(key) is \(found); expected \(expected)" }
}
