import Foundation
import JSON

/// What a `tokenizer.json` says, as far as a BERT tokenizer needs it.
struct TokenizerFile {
    let vocabulary: Vocabulary
    /// The normaliser and the model's settings; special tokens as far as the file names them.
    var configuration: BertTokenizerConfiguration
    /// The added tokens and their ids.
    let addedTokens: [(token: AddedToken, id: Int)]

    /// Reads the file and refuses components other than BERT's.
    init(_ file: URL) throws(TokenizationError) {
        let root = try JSONObject(file: file)
        guard let model = try root.object("model") else {
            throw root.invalid("model", expected: "an object")
        }
        configuration = .unchangedText
        try Self.checkModel(model)
        try Self.readNormalizer(root, into: &configuration)
        try Self.checkPreTokenizer(root)
        if let ends = try Self.ends(root) {
            (configuration.clsToken, configuration.sepToken) = ends
        }
        if let token = try model.string("unk_token") { configuration.unkToken = token }
        if let prefix = try model.string("continuing_subword_prefix") {
            configuration.continuingSubwordPrefix = prefix
        }
        if let count = try model.double("max_input_chars_per_word") {
            guard let whole = Int(exactly: count), whole >= 0 else {
                throw model.invalid("max_input_chars_per_word", expected: "a count of characters")
            }
            configuration.maxInputCharactersPerWord = whole
        }
        vocabulary = try Self.vocabulary(model)
        addedTokens = try Self.addedTokens(root)
    }

    private static func checkModel(_ model: JSONObject) throws(TokenizationError) {
        // Old files do not name the type; only byte-pair encoding has merges.
        let type = try model.string("type") ?? (model.states("merges") ? "BPE" : "WordPiece")
        if type != "WordPiece" {
            throw .unsupportedComponent(
                file: model.file, key: "model.type", found: "'\(type)'", supported: "WordPiece")
        }
    }

    private static func readNormalizer(
        _ root: JSONObject, into configuration: inout BertTokenizerConfiguration
    ) throws(TokenizationError) {
        guard let normalizer = try root.object("normalizer") else { return }
        if try normalizer.string("type") == "BertNormalizer" {
            configuration.cleanText = try normalizer.bool("clean_text") ?? true
            configuration.tokenizeChineseCharacters =
                try normalizer.bool("handle_chinese_chars") ?? true
            configuration.stripAccents = try normalizer.bool("strip_accents")
            configuration.lowercase = try normalizer.bool("lowercase") ?? true
        } else {
            try add(normalizer, to: &configuration)
        }
    }

    /// Adds what a normaliser does to what those before it in a sequence do.
    ///
    /// Only such as together do what one BertNormalizer can be told to do: in its order or in another, because
    /// lower-casing goes letter by letter, and what is lower-cased twice is so once.
    private static func add(
        _ normalizer: JSONObject, to configuration: inout BertTokenizerConfiguration
    ) throws(TokenizationError) {
        let type = try normalizer.string("type")
        switch type {
        case "Lowercase": configuration.lowercase = true
        case "Strip": break  // White space at the ends of a text is part of no word.
        case "BertNormalizer":
            let lowercases = try normalizer.bool("lowercase") ?? true
            // Its own default, even if another normaliser lower-cases.
            let strips = try normalizer.bool("strip_accents") ?? lowercases
            let cleans = try normalizer.bool("clean_text") ?? true
            let splits = try normalizer.bool("handle_chinese_chars") ?? true
            configuration.cleanText = configuration.cleanText || cleans
            configuration.tokenizeChineseCharacters =
                configuration.tokenizeChineseCharacters || splits
            configuration.stripAccents = configuration.stripsAccents || strips
            configuration.lowercase = configuration.lowercase || lowercases
            // As for a BertNormalizer alone, so that accents stay where tokenizer_config.json keeps the case.
            if lowercases && strips { configuration.stripAccents = nil }
        case "Sequence":
            for (index, value) in try normalizer.list("normalizers").enumerated() {
                let key = "\(normalizer.path)normalizers[\(index)]"
                try add(
                    JSONObject(value, file: normalizer.file, key: key, path: key + "."),
                    to: &configuration)
            }
        default:
            throw .unsupportedComponent(
                file: normalizer.file, key: normalizer.path + "type",
                found: type.map { "'\($0)'" } ?? "absent",
                supported: "BertNormalizer, Lowercase, Strip, a Sequence of them, or null")
        }
    }

    private static func checkPreTokenizer(_ root: JSONObject) throws(TokenizationError) {
        let type = try root.object("pre_tokenizer")?.string("type")
        guard type == "BertPreTokenizer" else {
            throw .unsupportedComponent(
                file: root.file, key: "pre_tokenizer.type",
                found: type.map { "'\($0)'" } ?? "absent",
                supported: "BertPreTokenizer")
        }
    }

    /// The tokens that the file puts at both ends of a text, or nil if it puts none.
    private static func ends(
        _ root: JSONObject
    ) throws(TokenizationError) -> (first: String, last: String)? {
        guard let processor = try root.object("post_processor") else { return nil }
        let type = try processor.string("type")
        switch type {
        case "TemplateProcessing":
            let single = try processor.list("single")
            guard single.count == 3, single[1]["Sequence"] != nil,
                case .string(let first) = single[0]["SpecialToken"]?["id"],
                case .string(let last) = single[2]["SpecialToken"]?["id"]
            else {
                throw processor.invalid(
                    "single", expected: "a start token, the text and an end token")
            }
            return (first, last)
        case "BertProcessing":
            guard case .array(let cls) = processor.value["cls"],
                case .string(let first) = cls.first,
                case .array(let sep) = processor.value["sep"], case .string(let last) = sep.first
            else { throw processor.invalid("cls", expected: "a token and its id, as 'sep'") }
            return (first, last)
        default:
            throw .unsupportedComponent(
                file: root.file, key: "post_processor.type",
                found: type.map { "'\($0)'" } ?? "absent",
                supported: "TemplateProcessing, BertProcessing or null")
        }
    }

    private static func vocabulary(_ model: JSONObject) throws(TokenizationError) -> Vocabulary {
        guard let members = try model.object("vocab")?.members else {
            throw model.invalid("vocab", expected: "an object of tokens and ids")
        }
        // Ids may be left out, as where vocab.txt has a blank line or a token twice; not so many, though, that
        // a few bytes ask for a lot of memory.
        let limit = 2 * members.count
        var tokens: [String?] = []
        for member in members {
            guard let id = member.value.int else {
                throw .invalidValue(
                    file: model.file, key: "model.vocab.\(member.key)",
                    found: member.value.summary, expected: "an id")
            }
            guard (0..<limit).contains(id) else {
                throw .brokenIDs(
                    source: model.file, token: member.key, id: id,
                    expected: "one of 0..<\(limit), for there are \(members.count) tokens")
            }
            if id >= tokens.count {
                tokens += repeatElement(nil, count: id + 1 - tokens.count)
            }
            if let other = tokens[id] {
                throw .brokenIDs(
                    source: model.file, token: member.key, id: id,
                    expected: "another, for '\(other)' has it")
            }
            tokens[id] = member.key
        }
        return try Vocabulary(tokens: tokens.map { $0 ?? "" }, source: model.file)
    }

    private static func addedTokens(
        _ root: JSONObject
    ) throws(TokenizationError) -> [(token: AddedToken, id: Int)] {
        var tokens: [(token: AddedToken, id: Int)] = []
        for (index, value) in try root.list("added_tokens").enumerated() {
            let key = "added_tokens[\(index)]"
            let entry = try JSONObject(value, file: root.file, key: key, path: key + ".")
            guard let id = entry.member("id")?.int else {
                throw entry.invalid("id", expected: "an id")
            }
            tokens.append((try AddedToken(entry), id))
        }
        return tokens
    }
}

extension AddedToken {
    /// The token of a JSON object with `content` and flags.
    init(_ entry: JSONObject) throws(TokenizationError) {
        guard let content = try entry.string("content"), !content.isEmpty else {
            throw entry.invalid("content", expected: "a text that is not empty")
        }
        self.init(
            content, singleWord: try entry.bool("single_word") ?? false,
            stripsLeft: try entry.bool("lstrip") ?? false,
            stripsRight: try entry.bool("rstrip") ?? false,
            normalized: try entry.bool("normalized"), special: try entry.bool("special") ?? false)
    }
}
