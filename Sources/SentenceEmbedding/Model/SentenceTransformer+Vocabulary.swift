import ModelLayout
import NeuralNetwork
import Tensors
import Tokenization

extension SentenceTransformer {
    /// This model with another WordPiece vocabulary, to be trained further: a token begins with the word embedding that it
    /// has here or, if it is new, with the mean of those of the pieces that it was spelt with. All else is this model's.
    ///
    /// Added tokens and the head that predicts tokens are left out; `notes` say so.
    ///
    /// - Throws: `TokenizationError` when the vocabulary lacks a special token.
    public func replacingVocabulary(_ vocabulary: Vocabulary) throws -> SentenceTransformer {
        let tokenizer = try BertTokenizer(
            vocabulary: vocabulary, configuration: self.tokenizer.configuration)
        let (shape, values) = try values(of: Self.wordEmbeddings)
        let width = shape[1]
        var rows: [Float] = []
        rows.reserveCapacity(vocabulary.count * width)
        for token in vocabulary.tokens {
            let pieces = ids(spelling: token)
            for column in 0..<width {
                let sum = pieces.reduce(Float(0)) { $0 + values[Int($1) * width + column] }
                rows.append(sum / Float(pieces.count))
            }
        }
        var configuration = bert.configuration
        configuration.vocabularySize = vocabulary.count
        let model = try derived(
            configuration, tokenizer: tokenizer,
            DerivedWeights(
                self, replacing: [Self.wordEmbeddings: ([vocabulary.count, width], rows)]))
        if self.tokenizer.addedTokens.contains(where: { !$0.special }) {
            model.notes.append("left out the tokens that were added to the old vocabulary")
        }
        return model
    }

    /// The tokens of this model that stand for one of another vocabulary; never none.
    private func ids(spelling token: String) -> [Int32] {
        if let id = tokenizer.vocabulary.id(of: token) { return [id] }
        let prefix = tokenizer.configuration.continuingSubwordPrefix
        let text = token.hasPrefix(prefix) ? String(token.dropFirst(prefix.count)) : token
        let ids = tokenizer.encode(text, maxLength: max(3, 2 * text.utf8.count + 2))
            .dropFirst().dropLast()
        return ids.isEmpty
            ? tokenizer.vocabulary.id(of: tokenizer.configuration.unkToken).map { [$0] } ?? [0]
            : Array(ids)
    }
}
