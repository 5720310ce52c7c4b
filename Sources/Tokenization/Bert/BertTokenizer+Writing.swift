import Foundation
import JSON
import Serialization

extension BertTokenizer {
    /// Writes `vocab.txt`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`.
    ///
    /// `maxLength`, in tokens with the special ones, becomes the model's maximal length and the
    /// truncation of `tokenizer.json`. The folder is created if need be; files of these names are
    /// replaced. Throws when a file cannot be written or a token holds a line break.
    public func write(to folder: URL, maxLength: Int) throws(TokenizationError) {
        precondition(maxLength >= 2, "maxLength is \(maxLength), but two special tokens need room")
        do throws(SerializationError) { try AtomicFolder.make(folder) } catch {
            throw .unwritableFile(file: folder.path, reason: error.reason)
        }
        let words = Array(vocabulary.tokens.prefix(wordPieceCount))
        for token in words where token.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            throw .unwritableToken(token: token)
        }
        let files = [
            ("vocab.txt", words.joined(separator: "\n") + "\n"),
            ("tokenizer.json", tokenizerJSON(words, maxLength: maxLength).text),
            ("tokenizer_config.json", settingsJSON(maxLength: maxLength).text),
            ("special_tokens_map.json", JSONValue.object(specialTokens).text),
        ]
        for (name, text) in files {
            try FileBytes.write(text, to: folder.appendingPathComponent(name))
        }
    }

    private func tokenizerJSON(_ words: [String], maxLength: Int) -> JSONValue {
        let reachable = words.enumerated().filter { self.vocabulary.isReachable(Int32($0.offset)) }
        let vocabulary = reachable.map {
            JSONValue.Member($0.element, .integer($0.offset))
        }
        return [
            "version": "1.0",
            "truncation": [
                "direction": "Right", "max_length": .integer(maxLength),
                "strategy": "LongestFirst", "stride": 0,
            ],
            "padding": .null,
            "added_tokens": .array(addedTokens.compactMap { description(of: $0) }),
            "normalizer": [
                "type": "BertNormalizer",
                "clean_text": .bool(configuration.cleanText),
                "handle_chinese_chars": .bool(configuration.tokenizeChineseCharacters),
                "strip_accents": stripAccents,
                "lowercase": .bool(configuration.lowercase),
            ],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "post_processor": template,
            "decoder": [
                "type": "WordPiece", "prefix": .string(configuration.continuingSubwordPrefix),
                "cleanup": true,
            ],
            "model": [
                "type": "WordPiece",
                "unk_token": .string(configuration.unkToken),
                "continuing_subword_prefix": .string(configuration.continuingSubwordPrefix),
                "max_input_chars_per_word": .integer(configuration.maxInputCharactersPerWord),
                "vocab": .object(vocabulary),
            ],
        ]
    }

    private func settingsJSON(maxLength: Int) -> JSONValue {
        // The BERT class knows only these settings' defaults; the generic one reads tokenizer.json.
        let isPlainBert =
            configuration.cleanText && configuration.continuingSubwordPrefix == "##"
            && configuration.maxInputCharactersPerWord == 100
        let settings: [JSONValue.Member] = [
            .init(
                "tokenizer_class",
                .string(isPlainBert ? "BertTokenizer" : "PreTrainedTokenizerFast")),
            .init("model_max_length", .integer(maxLength)),
            .init("do_lower_case", .bool(configuration.lowercase)),
            .init("strip_accents", stripAccents),
            .init("tokenize_chinese_chars", .bool(configuration.tokenizeChineseCharacters)),
            .init("clean_up_tokenization_spaces", true),
        ]
        return .object(settings + specialTokens)
    }

    private var stripAccents: JSONValue { configuration.stripAccents.map { .bool($0) } ?? .null }

    /// The special tokens by role, as far as the vocabulary has them.
    private var specialTokens: [JSONValue.Member] {
        let roles = [
            ("unk_token", configuration.unkToken), ("sep_token", configuration.sepToken),
            ("pad_token", configuration.padToken), ("cls_token", configuration.clsToken),
            ("mask_token", configuration.maskToken),
        ]
        return roles.filter { vocabulary.id(of: $0.1) != nil }
            .map { JSONValue.Member($0.0, .string($0.1)) }
    }

    private func description(of token: AddedToken) -> JSONValue? {
        vocabulary.id(of: token.content).map { id in
            [
                "id": .integer(Int(id)), "content": .string(token.content),
                "single_word": .bool(token.singleWord), "lstrip": .bool(token.stripsLeft),
                "rstrip": .bool(token.stripsRight), "normalized": .bool(token.normalized),
                "special": .bool(token.special),
            ]
        }
    }

    /// How one text, and how two, are framed by the special tokens.
    private var template: JSONValue {
        func special(_ token: String, type: Int) -> JSONValue {
            ["SpecialToken": ["id": .string(token), "type_id": .integer(type)]]
        }
        func text(_ name: String, type: Int) -> JSONValue {
            ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
        }
        let cls = configuration.clsToken
        let sep = configuration.sepToken
        let single = [special(cls, type: 0), text("A", type: 0), special(sep, type: 0)]
        let tokens = (cls == sep ? [cls] : [cls, sep]).compactMap { token in
            vocabulary.id(of: token).map { id in
                JSONValue.Member(
                    token,
                    [
                        "id": .string(token), "ids": .array([.integer(Int(id))]),
                        "tokens": .array([.string(token)]),
                    ])
            }
        }
        return [
            "type": "TemplateProcessing",
            "single": .array(single),
            "pair": .array(single + [text("B", type: 1), special(sep, type: 1)]),
            "special_tokens": .object(tokens),
        ]
    }
}
