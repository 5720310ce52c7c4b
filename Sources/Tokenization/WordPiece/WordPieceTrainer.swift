/// Learns a WordPiece vocabulary from texts by merging the most frequent neighbours, step by step.
///
/// Words are spelt with single characters at first; then the pair of neighbouring pieces that
/// occurs most often becomes a piece of its own, until the vocabulary is full (Sennrich et al.
/// 2016, arXiv 1508.07909, with WordPiece's prefix for pieces inside a word). Of pairs equally
/// frequent the first in Unicode order is taken, so that the same texts in whatever order give the
/// same vocabulary.
public struct WordPieceTrainer: Sendable {
    /// How many tokens the vocabulary may have; fewer if the texts do not yield as many.
    public var vocabularySize: Int
    /// Pairs that occur less often than this are not merged.
    public var minFrequency: Int
    /// The first tokens of the vocabulary.
    public var specialTokens: [String]
    /// Characters that get a token even if the texts do not have them.
    public var initialAlphabet: Set<Unicode.Scalar>
    /// How many different characters get a token, the rarest going without.
    public var alphabetLimit: Int
    /// How texts are cleaned and split; must be the configuration of the later tokenizer.
    public var configuration: BertTokenizerConfiguration

    /// A trainer for BERT's special tokens in BERT's order.
    public init(
        vocabularySize: Int = 30_522, minFrequency: Int = 2, specialTokens: [String]? = nil,
        initialAlphabet: Set<Unicode.Scalar> = [], alphabetLimit: Int = 1000,
        configuration: BertTokenizerConfiguration = .init()
    ) {
        self.vocabularySize = vocabularySize
        self.minFrequency = minFrequency
        self.specialTokens =
            specialTokens ?? [
                configuration.padToken, configuration.unkToken, configuration.clsToken,
                configuration.sepToken, configuration.maskToken,
            ]
        self.initialAlphabet = initialAlphabet
        self.alphabetLimit = alphabetLimit
        self.configuration = configuration
    }

    /// Learns the vocabulary of the texts: special tokens, characters, then pieces as they arise.
    ///
    /// Throws when the special tokens and characters alone exceed `vocabularySize`, or a special
    /// token is empty or occurs twice.
    public func train(on texts: some Sequence<String>) throws(TokenizationError) -> Vocabulary {
        let words = countWords(texts)
        let alphabet = chooseAlphabet(words)
        var tokens = specialTokens
        // By their bytes, for `String` holds canonically equivalent tokens to be the same.
        var known = Set(tokens.map { Array($0.utf8) })
        func add(_ token: String) {
            if known.insert(Array(token.utf8)).inserted { tokens.append(token) }
        }
        for scalar in alphabet.sorted() { add(String(scalar)) }

        let usable = words.filter { Self.scalars($0.key).allSatisfy(alphabet.contains) }
        var continuing = initialAlphabet
        for word in usable.keys { continuing.formUnion(Self.scalars(word).dropFirst()) }
        for scalar in continuing.intersection(alphabet).sorted() {
            add(configuration.continuingSubwordPrefix + String(scalar))
        }
        guard tokens.count <= vocabularySize else {
            throw .invalidTraining(
                reason: "\(specialTokens.count) special tokens and the characters need "
                    + "\(tokens.count) tokens, but vocabularySize is \(vocabularySize); "
                    + "raise it or lower alphabetLimit, which is \(alphabetLimit)")
        }

        var merger = PieceMerger(usable, prefix: configuration.continuingSubwordPrefix)
        while tokens.count < vocabularySize, let piece = merger.mergeBest(minFrequency) {
            add(piece)
        }
        return try Vocabulary(tokens: tokens, source: "vocabulary training")
    }

    private func countWords(_ texts: some Sequence<String>) -> [[UInt8]: Int] {
        let actions = ScalarActions(configuration)
        var splitter = WordSplitter(
            WordCounter(), maxScalarsPerWord: configuration.maxInputCharactersPerWord)
        for text in texts {
            var normalizer = BertNormalizer(actions)
            var text = text
            text.withUTF8 { bytes in
                normalizer.normalize(bytes.span, 0..<bytes.count, into: &splitter)
            }
            normalizer.finish(into: &splitter)
            splitter.endWord()
        }
        return splitter.receiver.counts
    }

    private static func scalars(_ word: [UInt8]) -> String.UnicodeScalarView {
        String(decoding: word, as: UTF8.self).unicodeScalars
    }

    /// The required characters and the most frequent others, within the limit.
    private func chooseAlphabet(_ words: [[UInt8]: Int]) -> Set<Unicode.Scalar> {
        var counts: [Unicode.Scalar: Int] = [:]
        for (word, count) in words {
            for scalar in Self.scalars(word) { counts[scalar, default: 0] += count }
        }
        for scalar in initialAlphabet { counts[scalar] = nil }
        let byFrequency = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let room = max(0, alphabetLimit - initialAlphabet.count)
        return initialAlphabet.union(byFrequency.prefix(room).map(\.key))
    }
}

/// Counts the words that it receives.
private struct WordCounter: WordReceiver {
    var counts: [[UInt8]: Int] = [:]
    var isFull: Bool { false }
    mutating func receive(_ word: [UInt8]) { counts[word, default: 0] += 1 }
    mutating func receiveOverlongWord() {}
}
