import Foundation
import JSON
import ModelLayout
import Support

/// The tokenizer files of a Hugging Face folder, put together.
///
/// As in transformers, what `tokenizer_config.json` states goes before `tokenizer.json`, unless
/// the tokenizer's class is the generic one, and `special_tokens_map.json` goes before both. What
/// `tokenizer_config.json` leaves open is taken from `tokenizer.json`, not from BERT's defaults.
struct TokenizerFolder {
    private(set) var vocabulary: Vocabulary
    private(set) var configuration: BertTokenizerConfiguration
    private(set) var addedTokens: [AddedToken] = []
    /// The number of tokens that stand in the vocabulary proper.
    let wordPieceCount: Int

    private let path: String
    /// The ids that the files give to added tokens outside the vocabulary proper.
    private var statedIDs: [[UInt8]: Int] = [:]
    /// The contents of the added tokens, by their bytes: `String` equates composed and decomposed.
    private var addedContents: Set<[UInt8]> = []

    init(_ folder: URL) throws(TokenizationError) {
        let textFile = folder.appendingPathComponent("vocab.txt")
        let jsonFile = folder.appendingPathComponent("tokenizer.json")
        let settingsFile = folder.appendingPathComponent("tokenizer_config.json")
        let specialFile = folder.appendingPathComponent("special_tokens_map.json")
        let addedFile = folder.appendingPathComponent("added_tokens.json")
        path = folder.path

        for file in [jsonFile, settingsFile, specialFile, addedFile] where GitLFS.isPointer(file) {
            throw .gitLFSPointer(file: file.path)
        }
        let exists = FileManager.default.mayExist(atPath:)
        let json = exists(jsonFile.path) ? try TokenizerFile(jsonFile) : nil
        let text = exists(textFile.path) ? try Vocabulary(file: textFile) : nil
        guard let vocabulary = json?.vocabulary ?? text else {
            throw .noVocabularyFile(folder: folder.path)
        }
        if let json, let text { try Self.compare(text, json.vocabulary, folder: folder.path) }
        self.vocabulary = vocabulary
        wordPieceCount = vocabulary.count
        configuration = json?.configuration ?? BertTokenizerConfiguration()

        let settings = try JSONObject.ifPresent(settingsFile)
        let listsAddedTokens = settings?.states("added_tokens_decoder") ?? false
        if let settings {
            try Self.checkClass(settings, hasTokenizerFile: json != nil)
            try readSettings(
                settings, normalizerIsFixed: try Self.isGeneric(settings) && json != nil)
            try readDecoder(settings)
            try readSpecialTokens(settings)
        }
        for (token, id) in json?.addedTokens ?? [] { try add(token, id: id) }
        if !listsAddedTokens {
            if let added = try JSONObject.ifPresent(addedFile) { try readAddedTokens(added) }
            if let special = try JSONObject.ifPresent(specialFile) {
                try readSpecialTokens(special)
            }
        }
        try appendLaterTokens()
    }

    // MARK: - tokenizer_config.json

    private static let wordPieceClasses = [
        "Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert", "MPNet",
    ]
    private static let genericClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"]

    private static func isGeneric(_ settings: JSONObject) throws(TokenizationError) -> Bool {
        genericClasses.contains(try settings.string("tokenizer_class") ?? "")
    }

    /// Refuses a class that splits words otherwise, unless `tokenizer.json` says how it does.
    private static func checkClass(
        _ settings: JSONObject, hasTokenizerFile: Bool
    ) throws(TokenizationError) {
        guard !hasTokenizerFile, let name = try settings.string("tokenizer_class") else { return }
        let supported = wordPieceClasses.flatMap { [$0 + "Tokenizer", $0 + "TokenizerFast"] }
        if !(supported + genericClasses).contains(name) {
            throw .unsupportedComponent(
                file: settings.file, key: "tokenizer_class", found: "'\(name)'",
                supported: "BertTokenizer and its like")
        }
    }

    private mutating func readSettings(
        _ settings: JSONObject, normalizerIsFixed: Bool
    ) throws(TokenizationError) {
        if !normalizerIsFixed {
            if let value = try settings.bool("do_lower_case") { configuration.lowercase = value }
            if let value = try settings.bool("tokenize_chinese_chars") {
                configuration.tokenizeChineseCharacters = value
            }
            if settings.states("strip_accents") {
                configuration.stripAccents = try settings.bool("strip_accents")
            }
        }
        // "No limit" is written as a number near 1e30.
        if let length = try settings.double("model_max_length"), (1...1e9).contains(length) {
            configuration.modelMaxLength = Int(length)
        }
    }

    private mutating func readDecoder(_ settings: JSONObject) throws(TokenizationError) {
        guard let decoder = try settings.object("added_tokens_decoder") else { return }
        for member in decoder.members {
            guard let id = Int(member.key) else {
                throw .invalidValue(
                    file: settings.file, key: "added_tokens_decoder", found: "'\(member.key)'",
                    expected: "an id as the key")
            }
            let path = decoder.path + member.key
            let entry = try JSONObject(
                member.value, file: settings.file, key: path, path: path + ".")
            try add(try AddedToken(entry), id: id)
        }
    }

    // MARK: - Special and added tokens

    private mutating func readSpecialTokens(_ source: JSONObject) throws(TokenizationError) {
        if let token = try source.token("unk_token") { configuration.unkToken = token }
        if let token = try source.token("sep_token") { configuration.sepToken = token }
        if let token = try source.token("pad_token") { configuration.padToken = token }
        if let token = try source.token("cls_token") { configuration.clsToken = token }
        if let token = try source.token("mask_token") { configuration.maskToken = token }
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            guard case .array(let list) = source.member(key) else { continue }
            for value in list {
                switch value {
                case .string(let content) where !content.isEmpty:
                    try add(AddedToken(content, special: true), id: nil)
                case .object:
                    let entry = try JSONObject(
                        value, file: source.file, key: key, path: source.path + key + ".")
                    try add(try AddedToken(entry), id: nil)
                default:
                    throw source.invalid(key, expected: "a list of tokens")
                }
            }
        }
    }

    private mutating func readAddedTokens(_ added: JSONObject) throws(TokenizationError) {
        for member in added.members {
            guard let id = member.value.int, !member.key.isEmpty else {
                throw added.invalid(member.key, expected: "an id")
            }
            try add(AddedToken(member.key), id: id)
        }
    }

    /// Takes an added token; the first description of a token counts.
    private mutating func add(_ token: AddedToken, id: Int?) throws(TokenizationError) {
        let content = Array(token.content.utf8)
        if let known = vocabulary.id(of: token.content) {
            if let id, id != known {
                throw .brokenIDs(
                    source: path, token: token.content, id: id,
                    expected: "\(known), which the vocabulary gives it")
            }
        } else if let id, statedIDs[content] == nil {
            statedIDs[content] = id
        }
        if addedContents.insert(content).inserted { addedTokens.append(token) }
    }

    /// Numbers the added tokens that the vocabulary lacks after its last token.
    private mutating func appendLaterTokens() throws(TokenizationError) {
        let later = addedTokens.map(\.content).filter { vocabulary.id(of: $0) == nil }
        if later.isEmpty { return }
        var tokens = vocabulary.tokens
        let numbered = later.compactMap { content in
            statedIDs[Array(content.utf8)].map { (content: content, id: $0) }
        }
        for (content, id) in numbered.sorted(by: { $0.id < $1.id }) {
            if id != tokens.count {
                throw .brokenIDs(
                    source: path, token: content, id: id,
                    expected: "\(tokens.count), the first id after the vocabulary")
            }
            tokens.append(content)
        }
        tokens += later.filter { statedIDs[Array($0.utf8)] == nil }
        vocabulary = try Vocabulary(tokens: tokens, source: path)
    }

    // MARK: - vocab.txt beside tokenizer.json

    private static func compare(
        _ text: Vocabulary, _ json: Vocabulary, folder: String
    ) throws(TokenizationError) {
        if text == json { return }
        for id in 0..<Int32(max(text.count, json.count)) {
            // An id without a token says nothing: one of the files may have a place for it, and the other not.
            for case let token? in [text.token(of: id), json.token(of: id)] where !token.isEmpty {
                let textID = text.id(of: token)
                let jsonID = json.id(of: token)
                if textID != jsonID {
                    throw .vocabularyMismatch(
                        folder: folder, token: token, textID: textID.map { Int($0) },
                        jsonID: jsonID.map { Int($0) })
                }
            }
        }
    }
}

extension BertTokenizer {
    /// Reads the tokenizer of a model folder in Hugging Face's layout.
    ///
    /// Needs `tokenizer.json` or `vocab.txt`; `tokenizer_config.json`, `special_tokens_map.json`
    /// and `added_tokens.json` are read where they are. Throws when a file is broken, when the
    /// files contradict each other about the vocabulary, when the folder asks for another kind of
    /// tokenizer, and when the vocabulary lacks the unknown, start or end token.
    public init(folder: URL) throws(TokenizationError) {
        let files = try TokenizerFolder(folder)
        try self.init(
            vocabulary: files.vocabulary, configuration: files.configuration,
            addedTokens: files.addedTokens, wordPieceCount: files.wordPieceCount,
            source: folder.path)
    }

    /// This tokenizer with texts put into lower case first, as `do_lower_case` of sentence-transformers asks.
    ///
    /// Accents stay unless this tokenizer strips them.
    public func lowercasingText() throws(TokenizationError) -> BertTokenizer {
        if configuration.lowercase { return self }
        var configuration = configuration
        configuration.stripAccents = configuration.stripAccents ?? false
        configuration.lowercase = true
        return try BertTokenizer(
            vocabulary: vocabulary, configuration: configuration, addedTokens: addedTokens,
            wordPieceCount: wordPieceCount)
    }
}

typealias JSONObject = JSON.JSONObject<TokenizationError>

extension TokenizationError: JSONFileError {}

extension JSONObject {
    /// A token given as a string or as an object with a `content`.
    fileprivate func token(_ key: String) throws(TokenizationError) -> String? {
        try read(key, "a token, as a string or as an object with 'content'") {
            $0.string ?? $0["content"]?.string
        }
    }
}
