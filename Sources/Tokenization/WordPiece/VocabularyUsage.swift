/// Which tokens of a vocabulary some texts need.
///
/// A tokenizer with these alone gives the texts the same tokens: the longest token that fits at a place is there, as it was,
/// and a longer one never was.
public struct VocabularyUsage: Sendable {
    private let tokenizer: BertTokenizer
    private var isUsed: [Bool]

    /// Begins with the tokens that are found in texts literally, the special tokens among them, which are always needed.
    public init(_ tokenizer: BertTokenizer) {
        self.tokenizer = tokenizer
        isUsed = [Bool](repeating: false, count: tokenizer.vocabulary.count)
        for token in tokenizer.addedTokens { mark(token.content) }
    }

    /// Adds what a text needs, however long it is; also what leads to `unkToken`, so that it does so again.
    public mutating func add(_ text: String) {
        for id in tokenizer.ids(of: text, limit: .max - 1, keepsParts: true) {
            isUsed[Int(id)] = true
        }
    }

    /// Adds the characters that are tokens, at the beginning of words and inside, and the tokens that these cannot spell.
    ///
    /// Where a vocabulary has all characters of its tokens, as those of WordPiece's training have, any text that led to no
    /// `unkToken` then leads to none.
    public mutating func addCharacters() {
        let prefix = tokenizer.configuration.continuingSubwordPrefix
        for id in 0..<tokenizer.wordPieceCount where !isUsed[id] {
            let token = tokenizer.vocabulary[Int32(id)]
            let continues = token.hasPrefix(prefix) && token != prefix
            let scalars = (continues ? token.dropFirst(prefix.count) : token[...]).unicodeScalars
            isUsed[id] =
                scalars.count == 1
                || !scalars.enumerated().allSatisfy { index, scalar in
                    isPiece(index > 0 || continues ? prefix + String(scalar) : String(scalar))
                }
        }
    }

    /// The ids of the tokens that are needed, rising.
    public var ids: [Int32] {
        isUsed.indices.filter { isUsed[$0] && tokenizer.vocabulary.isReachable(Int32($0)) }
            .map { Int32($0) }
    }

    private mutating func mark(_ token: String) {
        if let id = tokenizer.vocabulary.id(of: token) { isUsed[Int(id)] = true }
    }

    private func isPiece(_ token: String) -> Bool {
        tokenizer.vocabulary.id(of: token).map { Int($0) < tokenizer.wordPieceCount } == true
    }
}

extension BertTokenizer {
    /// This tokenizer with some of its tokens alone, whose ids are given in rising order and become 0, 1 ...
    ///
    /// - Throws: `TokenizationError` when a token that it cannot do without is not among them.
    public func keeping(_ ids: [Int32]) throws(TokenizationError) -> BertTokenizer {
        precondition(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }, "ids that do not rise")
        return try BertTokenizer(
            vocabulary: Vocabulary(tokens: ids.map { vocabulary[$0] }),
            configuration: configuration,
            addedTokens: addedTokens.filter { token in
                vocabulary.id(of: token.content).map { ids.contains($0) } == true
            },
            wordPieceCount: ids.count { Int($0) < wordPieceCount })
    }
}
