/// How a BERT tokenizer cleans, splits and frames a text; the defaults are those of uncased BERT.
public struct BertTokenizerConfiguration: Codable, Sendable, Equatable {
    /// Whether letters are lowercased.
    public var lowercase = true
    /// Whether accents are removed; nil means: exactly when letters are lowercased.
    public var stripAccents: Bool?
    /// Whether every Chinese character becomes a word of its own.
    public var tokenizeChineseCharacters = true
    /// Whether control characters are removed and all white space is made plain.
    public var cleanText = true
    /// The token of a word that the vocabulary cannot spell.
    public var unkToken = "[UNK]"
    /// The token at the end of every text.
    public var sepToken = "[SEP]"
    /// The token that fills up short texts of a batch; this module never writes it.
    public var padToken = "[PAD]"
    /// The token at the start of every text.
    public var clsToken = "[CLS]"
    /// The token that stands for a hidden word.
    public var maskToken = "[MASK]"
    /// Longer words, counted in Unicode scalars, become `unkToken`.
    public var maxInputCharactersPerWord = 100
    /// What the tokens inside and at the end of words begin with.
    public var continuingSubwordPrefix = "##"
    /// The longest input of the model in tokens, as the folder states it; nil if it does not.
    public var modelMaxLength: Int?

    /// The configuration of uncased BERT.
    public init() {}

    /// The configuration of cased BERT: neither lowercases nor removes accents.
    public static var cased: Self {
        var configuration = Self()
        configuration.lowercase = false
        return configuration
    }

    /// The configuration that leaves a text as it is.
    static var unchangedText: Self {
        var configuration = Self.cased
        configuration.stripAccents = false
        configuration.tokenizeChineseCharacters = false
        configuration.cleanText = false
        return configuration
    }

    /// Whether accents are removed, with the default resolved.
    var stripsAccents: Bool { stripAccents ?? lowercase }
}
