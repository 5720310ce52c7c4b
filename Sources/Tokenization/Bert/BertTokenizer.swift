/// BERT's tokenizer: normalises a text, splits it into words and spells these with WordPiece.
///
/// Gives the same ids as Hugging Face's Rust `BertNormalizer`, `BertPreTokenizer` and `WordPiece`,
/// with `clsToken` in front and `sepToken` behind. A text takes time in proportion to its length.
public struct BertTokenizer: Sendable {
    /// The tokens and their ids.
    public let vocabulary: Vocabulary
    /// How texts are cleaned, split and framed.
    public let configuration: BertTokenizerConfiguration
    /// The tokens that are found in a text literally, the special tokens among them.
    public let addedTokens: [AddedToken]
    /// The number of tokens that WordPiece may use; those after them are only found literally.
    public let wordPieceCount: Int

    private let actions: ScalarActions
    private let wordPiece: WordPiece
    private let literalTokens: AddedTokenMatcher
    private let normalizedTokens: AddedTokenMatcher
    /// For a text that is normalised already: only tells letters, spaces and punctuation apart.
    private let plainActions: ScalarActions?
    private let clsID: Int32
    private let sepID: Int32

    /// The number of token ids.
    public var vocabularySize: Int { vocabulary.count }

    /// A tokenizer with the given vocabulary, which must have the unknown, start and end tokens.
    ///
    /// The special tokens of the configuration and `addedTokens` are found literally in texts, as
    /// far as the vocabulary has them. Words are spelt with the first `wordPieceCount` tokens of
    /// the vocabulary, or all. Throws when a required token is missing, or the count is no part of
    /// the vocabulary.
    public init(
        vocabulary: Vocabulary, configuration: BertTokenizerConfiguration = .init(),
        addedTokens: [AddedToken] = [], wordPieceCount: Int? = nil
    ) throws(TokenizationError) {
        try self.init(
            vocabulary: vocabulary, configuration: configuration, addedTokens: addedTokens,
            wordPieceCount: wordPieceCount ?? vocabulary.count, source: "vocabulary")
    }

    init(
        vocabulary: Vocabulary, configuration: BertTokenizerConfiguration,
        addedTokens: [AddedToken], wordPieceCount: Int, source: String
    ) throws(TokenizationError) {
        let required = [configuration.unkToken, configuration.clsToken, configuration.sepToken]
        let ids = required.map { vocabulary.id(of: $0) }
        guard let unkID = ids[0], let clsID = ids[1], let sepID = ids[2] else {
            let missing = zip(required, ids).filter { $0.1 == nil }.map(\.0)
            throw .missingSpecialTokens(source: source, tokens: missing)
        }
        guard (0...vocabulary.count).contains(wordPieceCount) else {
            throw .invalidValue(
                file: source, key: "wordPieceCount", found: "\(wordPieceCount)",
                expected: "at most the vocabulary's \(vocabulary.count) tokens")
        }
        self.vocabulary = vocabulary
        self.configuration = configuration
        self.wordPieceCount = wordPieceCount
        self.clsID = clsID
        self.sepID = sepID
        actions = ScalarActions(configuration)
        wordPiece = WordPiece(
            vocabulary, count: wordPieceCount, prefix: configuration.continuingSubwordPrefix,
            unkID: unkID)

        var added = addedTokens
        let special = [configuration.padToken] + required + [configuration.maskToken]
        for token in special where vocabulary.id(of: token) != nil {
            if !added.contains(where: { $0.content.utf8.elementsEqual(token.utf8) }) {
                added.append(AddedToken(token, special: true))
            }
        }
        self.addedTokens = added

        var literal: [(bytes: [UInt8], id: Int32, singleWord: Bool)] = []
        var normalized = literal
        for token in added {
            guard let id = vocabulary.id(of: token.content) else { continue }
            if token.normalized {
                let bytes = Self.normalize(token.content, actions)
                normalized.append((bytes, id, token.singleWord))
            } else {
                literal.append((Array(token.content.utf8), id, token.singleWord))
            }
        }
        literalTokens = AddedTokenMatcher(literal)
        normalizedTokens = AddedTokenMatcher(normalized)
        plainActions = normalized.isEmpty ? nil : ScalarActions(.unchangedText)
    }

    /// This tokenizer with more tokens behind its vocabulary, which are found in texts literally.
    public func adding(_ tokens: [AddedToken]) throws(TokenizationError) -> BertTokenizer {
        try BertTokenizer(
            vocabulary: Vocabulary(tokens: vocabulary.tokens + tokens.map(\.content)),
            configuration: configuration, addedTokens: addedTokens + tokens,
            wordPieceCount: wordPieceCount)
    }

    /// The ids of a text between those of `clsToken` and `sepToken`, at most `maxLength` in all.
    ///
    /// A longer text loses its end, and what is lost is not looked at. `maxLength` must be at
    /// least 2.
    public func encode(_ text: String, maxLength: Int) -> [Int32] {
        precondition(maxLength >= 2, "maxLength is \(maxLength), but two special tokens need room")
        var ids = ids(of: text, limit: maxLength - 1, keepsParts: false)
        if ids.count > maxLength - 1 { ids.removeSubrange((maxLength - 1)...) }
        ids.append(sepID)
        return ids
    }

    /// The ids of a text after that of `clsToken`, until they are `limit` or more in all.
    ///
    /// With `keepsParts`, a word that cannot be spelt has those of the tokens that were found in it too.
    func ids(of text: String, limit: Int, keepsParts: Bool) -> [Int32] {
        var ids: [Int32] = [clsID]
        ids.reserveCapacity(min(limit + 1, 2 + text.utf8.count / 2))
        let collector = TokenCollector(
            wordPiece, startingWith: ids, limit: limit, keepsParts: keepsParts)
        var splitter = WordSplitter(
            collector, maxScalarsPerWord: configuration.maxInputCharactersPerWord)
        var text = text
        text.withUTF8 { bytes in
            let scanner = TextScanner(actions: actions, addedTokens: literalTokens)
            if let plainActions {
                let second = TextScanner(actions: plainActions, addedTokens: normalizedTokens)
                var finder = NormalizedTokenFinder(splitter: splitter, scanner: second)
                scanner.scan(bytes.span, into: &finder)
                splitter = finder.splitter
            } else {
                scanner.scan(bytes.span, into: &splitter)
            }
        }
        return splitter.receiver.ids
    }

    /// Whether a text has nothing to read: no token besides the special ones at its ends.
    ///
    /// That is what an empty sentence is, in pair files and wherever else sentences come from: "", white space, and
    /// what is cleaned away, such as U+200B and U+FEFF.
    public func isEmpty(_ text: String) -> Bool { encode(text, maxLength: 3).count == 2 }

    /// The tokens with these ids; an id outside the vocabulary gives `unkToken`.
    public func tokens(of ids: [Int32]) -> [String] {
        ids.map { vocabulary.token(of: $0) ?? configuration.unkToken }
    }

    /// The text as WordPiece sees it, before it is split into words.
    func normalize(_ text: String) -> String {
        String(decoding: Self.normalize(text, actions), as: UTF8.self)
    }

    private static func normalize(_ text: String, _ actions: ScalarActions) -> [UInt8] {
        var normalizer = BertNormalizer(actions)
        var collector = NormalizedTextCollector()
        var text = text
        text.withUTF8 { bytes in
            normalizer.normalize(bytes.span, 0..<bytes.count, into: &collector)
        }
        normalizer.finish(into: &collector)
        return collector.bytes
    }
}
