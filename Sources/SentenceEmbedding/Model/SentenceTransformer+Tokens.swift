import ModelLayout
import NeuralNetwork
import Tensors
import Tokenization

/// What came of adding tokens to a vocabulary.
public struct AddedTokensReport: Sendable, Equatable {
    /// The tokens that were added, in the order of their ids.
    public let added: [String]
    /// The tokens that the vocabulary had before; they stay as they were.
    public let known: [String]
    /// The tokens that were given more than once; once is enough.
    public let repeated: [String]
    /// The tokens that were added, but that no text leads to, because the tokenizer finds another one in their place.
    public let unreachable: [String]
}

extension SentenceTransformer {
    /// This model with more tokens, which are found in texts literally, also inside words.
    ///
    /// A new token has the id after the last one, as from `add_tokens` of Hugging Face's tokenizers, and begins with
    /// the mean of the word embeddings of the pieces that it was spelt with before. Everything else is a copy of
    /// this model's.
    ///
    /// - Throws: `ModelError.emptyToken` for a token that the tokenizer reads as no text.
    public func addingTokens(
        _ tokens: [String]
    ) throws -> (model: SentenceTransformer, report: AddedTokensReport) {
        var (added, known, repeated): ([String], [String], [String]) = ([], [], [])
        // Bytes, because `String` equates composed and decomposed letters.
        var seen: Set<[UInt8]> = []
        for token in tokens {
            if !seen.insert(Array(token.utf8)).inserted {
                repeated.append(token)
            } else if tokenizer.vocabulary.id(of: token) != nil {
                known.append(token)
            } else if tokenizer.isEmpty(token) {
                throw ModelError.emptyToken(token)
            } else {
                added.append(token)
            }
        }
        let larger = try tokenizer.adding(added.map { AddedToken($0) })
        var configuration = bert.configuration
        configuration.vocabularySize = max(
            configuration.vocabularySize, larger.vocabulary.count)
        let pieces = added.map {
            tokenizer.encode($0, maxLength: max(3, 2 * $0.utf8.count + 2)).dropFirst().dropLast()
        }
        let model = try SentenceTransformer(
            configuration, tokenizer: larger, pooling: pooling, modules: modules,
            settings: truncatedSettings, maxSequenceLength: maxSequenceLength,
            source: .weights(
                EnlargedWeights(
                    self, rows: configuration.vocabularySize,
                    first: tokenizer.vocabulary.count, pieces: pieces.map(Array.init))))
        try model.setPrompt(prompt)
        model.notes = notes
        let unreachable = added.filter { token in
            let ids = larger.encode(token, maxLength: 4).dropFirst().dropLast()
            return ids.count != 1 || ids.first != larger.vocabulary.id(of: token)
        }
        return (
            model,
            AddedTokensReport(
                added: added, known: known, repeated: repeated, unreachable: unreachable)
        )
    }
}

/// The parameters of a model, with more rows of word embeddings.
private struct EnlargedWeights: WeightReader {
    private static let words = "embeddings.word_embeddings.weight"

    let source = "the model that tokens are added to"
    private let old: ParameterWeights
    private let rows: Int
    private let first: Int
    private let pieces: [[Int32]]

    var names: [String] { old.names }

    /// `rows` in all, of which those from `first` on are the means of the rows of `pieces`.
    init(_ model: SentenceTransformer, rows: Int, first: Int, pieces: [[Int32]]) {
        old = ParameterWeights(model)
        (self.rows, self.first, self.pieces) = (rows, first, pieces)
    }

    func shape(of name: String) -> [Int]? {
        guard let shape = old.shape(of: name) else { return nil }
        return name == Self.words ? [rows, shape[1]] : shape
    }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try old.read(name, into: &buffer)
        guard name == Self.words, let width = shape(of: name)?[1] else { return }
        for (index, pieces) in pieces.enumerated() {
            for column in 0..<width {
                var sum: Float = 0
                for piece in pieces { sum += buffer[Int(piece) * width + column] }
                buffer[(first + index) * width + column] = sum / Float(pieces.count)
            }
        }
    }
}
