import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Prediction of hidden tokens from the others: the mean cross-entropy over the vocabulary.
///
/// | Columns | Labels |
/// |---|---|
/// | one text or more | |
///
/// Devlin et al. 2019, arXiv:1810.04805. The head is BERT's own, tied to the word embeddings: that of the model's files
/// where they have one, otherwise a new one. Every text of a row is learnt from by itself.
public struct MaskedLanguageModelLoss: SequenceLoss {
    /// Which tokens are hidden.
    public typealias Configuration = TokenMasking

    /// `mlm`
    public static let name = "mlm"
    /// One or more.
    public static let columns = 1...Int.max
    /// True.
    public static let allowsMissingTexts = true
    /// What predicts the tokens.
    public let head: MaskedLanguageModelHead
    private let masking: TokenMasking
    private let tokens: TokenKinds
    private let maskID: Int32

    /// Creates the head, under `cls.predictions`.
    public init(
        _ configuration: TokenMasking, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        guard let encoder = context.encoder else {
            throw Self.unusable(needs: "a model's tokens", found: "there are embeddings alone")
        }
        guard let maskID = encoder.tokens.maskID else {
            throw Self.unusable(
                needs: "a token to put in the place of others",
                found: "the model's vocabulary has no [MASK]; add it with add_tokens")
        }
        masking = configuration
        tokens = encoder.tokens
        self.maskID = maskID
        head = MaskedLanguageModelHead(
            encoder.bert.configuration, words: encoder.bert.wordEmbeddings, in: scope,
            startingWith: encoder.head)
    }

    /// Hides tokens of each text, and asks for what was there.
    public func prepare(_ texts: [[Int32]], seed: UInt64) -> PreparedSequences {
        let masked = texts.enumerated().map {
            masking($1, tokens, maskID: maskID, seed: seed, number: $0)
        }
        return PreparedSequences(masked.map(\.ids), output: .hiddenStates) { [head] hidden in
            // Texts of nothing but special tokens teach nothing.
            head.crossEntropy(hidden, masked) ?? (hidden * 0).sum()
        }
    }
}

extension MaskedLanguageModelHead {
    /// The mean cross-entropy of the hidden tokens, a scalar, from the hidden states of all tokens of some sequences end
    /// to end: [tokens, hidden]; nil when no token is hidden.
    public func crossEntropy(_ hidden: Tensor, _ masked: [MaskedSequence]) -> Tensor? {
        var (rows, start): ([Int], Int) = ([], 0)
        for sequence in masked {
            rows += sequence.places.map { start + $0 }
            start += sequence.ids.count
        }
        if rows.isEmpty { return nil }
        return self(hidden.gather(rows)).softmaxCrossEntropy(masked.flatMap(\.labels))
    }
}
