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
        let model = try derived(
            configuration, tokenizer: larger,
            DerivedWeights(
                self,
                replacing: [
                    Self.wordEmbeddings: try enlargedRows(
                        configuration.vocabularySize, pieces: pieces.map(Array.init))
                ]), keepsHead: true)
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

    /// The word embeddings with `rows` rows, of which those after the last token's are the means of the rows of `pieces`.
    private func enlargedRows(
        _ rows: Int, pieces: [[Int32]]
    ) throws -> (shape: [Int], values: [Float]) {
        var (shape, values) = try values(of: Self.wordEmbeddings)
        let (width, first) = (shape[1], tokenizer.vocabulary.count)
        shape[0] = rows
        values += [Float](repeating: 0, count: rows * width - values.count)
        for (index, pieces) in pieces.enumerated() {
            for column in 0..<width {
                var sum: Float = 0
                for piece in pieces { sum += values[Int(piece) * width + column] }
                values[(first + index) * width + column] = sum / Float(pieces.count)
            }
        }
        return (shape, values)
    }

    /// This model with those tokens alone that some texts need, with any prompt of the model or none in front; their
    /// embeddings stay the same to the last bit.
    ///
    /// - Parameters:
    ///   - keepsCharacters: Whether characters stay too, so that other texts can be spelt as far as they could, in more
    ///     tokens perhaps.
    ///   - next: Gives the next text, nil after the last.
    public func pruned(
        keepsCharacters: Bool = true, to next: () throws -> String?
    ) throws -> SentenceTransformer {
        var usage = VocabularyUsage(tokenizer)
        let named = try settings.promptNames.map { try settings.prompt(named: $0) }
        let prompts = Set([prompt, ""] + named)
        while let text = try next() {
            for prompt in prompts { usage.add(prompt + text) }
        }
        for prompt in prompts { usage.add(prompt) }
        if keepsCharacters { usage.addCharacters() }
        let ids = usage.ids
        let (shape, values) = try values(of: Self.wordEmbeddings)
        let width = shape[1]
        let rows = ids.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] }
        var configuration = bert.configuration
        configuration.vocabularySize = ids.count
        return try derived(
            configuration, tokenizer: tokenizer.keeping(ids),
            DerivedWeights(
                self, replacing: [Self.wordEmbeddings: ([ids.count, width], rows)]))
    }
}
