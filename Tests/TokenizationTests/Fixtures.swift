import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// The vocabulary that tests of BERT tokenizers have always used.
let classicTokens = [
    "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "want", "##want", "##ed", "wa", "un", "runn",
    "##ing", ",", "low", "lowest",
]

func tokenizer(
    _ tokens: [String] = classicTokens, _ configuration: BertTokenizerConfiguration = .init(),
    added: [AddedToken] = [], wordPieceCount: Int? = nil
) throws -> BertTokenizer {
    try BertTokenizer(
        vocabulary: Vocabulary(tokens: tokens), configuration: configuration, addedTokens: added,
        wordPieceCount: wordPieceCount)
}

func configuration(
    lowercase: Bool = true, stripAccents: Bool? = nil, chinese: Bool = true, clean: Bool = true
) -> BertTokenizerConfiguration {
    var configuration = BertTokenizerConfiguration()
    configuration.lowercase = lowercase
    configuration.stripAccents = stripAccents
    configuration.tokenizeChineseCharacters = chinese
    configuration.cleanText = clean
    return configuration
}

extension BertTokenizer {
    /// The tokens of a text without those at its ends.
    func pieces(_ text: String, maxLength: Int = 1000) -> [String] {
        tokens(of: encode(text, maxLength: maxLength)).dropFirst().dropLast()
    }
}

/// The words of a text, before they are spelt.
func words(_ text: String, _ configuration: BertTokenizerConfiguration = .init()) -> [String] {
    struct List: WordReceiver {
        var words: [String] = []
        var isFull: Bool { false }
        mutating func receive(_ word: [UInt8]) {
            words.append(String(decoding: word, as: UTF8.self))
        }
        mutating func receiveOverlongWord() { words.append("<overlong>") }
    }
    var splitter = WordSplitter(
        List(), maxScalarsPerWord: configuration.maxInputCharactersPerWord)
    var normalizer = BertNormalizer(ScalarActions(configuration))
    let bytes = Array(text.utf8)
    normalizer.normalize(bytes.span, 0..<bytes.count, into: &splitter)
    normalizer.finish(into: &splitter)
    splitter.endWord()
    return splitter.receiver.words
}

func normalize(_ text: String, _ configuration: BertTokenizerConfiguration) throws -> String {
    try tokenizer(classicTokens, configuration).normalize(text)
}

/// Equality scalar by scalar, where `String` would equate composed and decomposed letters.
func isIdentical(_ first: String, _ second: String) -> Bool {
    first.unicodeScalars.elementsEqual(second.unicodeScalars)
}

/// Runs the body with a new folder that holds the given files, and removes it afterwards.
func withFolder(
    _ files: [String: String] = [:], _ body: (URL) throws -> Void
) throws {
    let folder = TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    try withExtendedLifetime(folder) { try body(folder.url) }
}

/// The message of the error that reading the folder's tokenizer throws, the folder's path cut out.
func messageOfReading(_ files: [String: String]) throws -> String {
    var message = "no error"
    try withFolder(files) { folder in
        do {
            _ = try BertTokenizer(folder: folder)
        } catch let error as TokenizationError {
            message = error.description.replacingOccurrences(of: folder.path, with: "FOLDER")
        }
    }
    return message
}
