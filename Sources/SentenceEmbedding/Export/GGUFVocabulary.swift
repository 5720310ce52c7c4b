import Serialization
import Tokenization

/// A WordPiece vocabulary as llama.cpp wants it.
///
/// There a token that begins a word begins with "▁", and one inside a word has no "##".
struct GGUFVocabulary {
    /// What a token is for, with the numbers of the format.
    private enum TokenType: Int32 {
        case normal = 1
        case control = 3
        case userDefined = 4
        case unused = 5
    }

    private let tokenizer: BertTokenizer
    private let rows: Int

    /// Creates a vocabulary of `rows` tokens, of which the tokenizer has the first or all.
    ///
    /// - Throws: `GGUFError.notInLlamaCpp` when the tokenizer does what llama.cpp cannot be told to do.
    init(_ tokenizer: BertTokenizer, rows: Int, path: String) throws(GGUFError) {
        let c = tokenizer.configuration
        for (setting, holds) in [
            ("clean_text", c.cleanText), ("tokenize_chinese_chars", c.tokenizeChineseCharacters),
        ] where !holds {
            throw .notInLlamaCpp(
                path: path, setting: "the tokenizer's \(setting)", found: "false",
                supported: "true")
        }
        self.tokenizer = tokenizer
        self.rows = rows
    }

    /// Everything that the file says about the tokenizer.
    var metadata: [(key: String, value: GGUFValue)] {
        let c = tokenizer.configuration
        let types = specialTypes
        // llama.cpp wants a token for each row, and each token once.
        let vocabulary = tokenizer.vocabulary
        let tokens = (0..<rows).map { id in
            id < vocabulary.count && vocabulary.isReachable(Int32(id))
                ? (text: vocabulary[Int32(id)], type: types[Int32(id)] ?? .normal)
                : (text: "[PAD\(id)]", type: .unused)
        }
        var metadata: [(key: String, value: GGUFValue)] = [
            ("tokenizer.ggml.model", .string("bert")),
            // llama.cpp's name for the way uncased BERT splits texts; it does so for every "bert".
            ("tokenizer.ggml.pre", .string("jina-v2-en")),
            ("tokenizer.ggml.tokens", .strings(tokens.map(text))),
            ("tokenizer.ggml.token_type", .int32s(tokens.map(\.type.rawValue))),
            ("tokenizer.ggml.normalizer.lowercase", .bool(c.lowercase)),
            ("tokenizer.ggml.normalizer.strip_accents", .bool(c.stripAccents ?? c.lowercase)),
            ("tokenizer.ggml.add_bos_token", .bool(true)),
            ("tokenizer.ggml.add_sep_token", .bool(true)),
        ]
        for (key, token) in [
            ("bos", c.clsToken), ("eos", c.sepToken), ("unknown", c.unkToken),
            ("seperator", c.sepToken),  // spelt so in the format
            ("padding", c.padToken), ("cls", c.clsToken), ("mask", c.maskToken),
        ] {
            if let id = tokenizer.vocabulary.id(of: token) {
                metadata.append(("tokenizer.ggml.\(key)_token_id", .uint32(UInt32(id))))
            }
        }
        return metadata
    }

    /// The types of the tokens, by id, that are found literally.
    private var specialTypes: [Int32: TokenType] {
        var types: [Int32: TokenType] = [:]
        for token in tokenizer.addedTokens {
            guard let id = tokenizer.vocabulary.id(of: token.content) else { continue }
            types[id] = token.special ? .control : .userDefined
        }
        return types
    }

    /// Tokens that are found literally stay as they are.
    private func text(_ token: (text: String, type: TokenType)) -> String {
        // Bytes, because a combining mark may follow the prefix.
        let prefix = tokenizer.configuration.continuingSubwordPrefix.utf8
        if token.type != .normal { return token.text }
        return token.text.utf8.starts(with: prefix)
            ? String(decoding: token.text.utf8.dropFirst(prefix.count), as: UTF8.self)
            : "▁" + token.text
    }
}
