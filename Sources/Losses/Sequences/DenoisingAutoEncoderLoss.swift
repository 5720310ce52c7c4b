import ExampleFiles
import NeuralNetwork
import Settings
import Support
import Tensors

/// Reconstruction of a text from the embedding of what is left of it when most of its words are deleted (TSDAE).
///
/// | Columns | Labels |
/// |---|---|
/// | one text or more | |
///
/// Wang, Reimers and Gurevych 2021, arXiv:2104.06979. The decoder is tied to the encoder: it has its layers and word
/// embeddings, and begins with the head of the model's files where they have one. It is no part of the model that is
/// delivered. Dropout applies as in the encoder, but not to the attention to the embedding, which has one key.
public struct DenoisingAutoEncoderLoss: SequenceLoss {
    /// The settings.
    public struct Configuration: Settings, Equatable {
        /// The share of the words that are deleted, each by itself; one of each text stays at least.
        public var deletionRatio: Float = 0.6

        /// Creates the defaults, those of the paper.
        public init() {}

        /// `del_ratio`
        public static let settings = [
            Setting(
                "del_ratio", \Self.deletionRatio, .from(0, to: 0.99),
                "The share of the words that are deleted.")
        ]
    }

    /// `denoising_auto_encoder`
    public static let name = "denoising_auto_encoder"
    /// One or more.
    public static let columns = 1...Int.max
    /// True.
    public static let allowsMissingTexts = true
    private let configuration: Configuration
    private let tokens: TokenKinds
    private let decoder: BertDecoder
    private let head: MaskedLanguageModelHead

    /// Creates the decoder's own parameters: its attention to the embedding, and its head.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        guard let encoder = context.encoder else {
            throw Self.unusable(needs: "a model's encoder", found: "there are embeddings alone")
        }
        let shape = encoder.bert.configuration
        guard context.dimension == shape.hiddenSize else {
            throw Self.unusable(
                needs: "embeddings as long as the encoder's hidden states, \(shape.hiddenSize)",
                found: "the model's have \(context.dimension) numbers")
        }
        self.configuration = configuration
        tokens = encoder.tokens
        decoder = BertDecoder(encoder.bert, in: scope)
        head = MaskedLanguageModelHead(
            shape, words: encoder.bert.wordEmbeddings, in: scope, startingWith: encoder.head)
    }

    /// False: what is left moves up.
    public static let keepsPlaces = false

    /// Deletes words of each text, and asks for the whole text.
    public func prepare(_ texts: [[Int32]], seed: UInt64) -> PreparedSequences {
        let left = texts.enumerated().map { number, ids in
            var random = SplitMix64.ofText(number, seed: seed)
            return delete(ids, &random)
        }
        return PreparedSequences(left, output: .embeddings) { [decoder, head] embeddings in
            let read = TokenBatch(texts.map { Array($0.dropLast()) })
            let wanted = texts.flatMap { $0.dropFirst() }
            return head(decoder(read, vectors: embeddings)).softmaxCrossEntropy(wanted)
        }
    }

    /// A text without most of its words, between its special ends.
    func delete(_ ids: [Int32], _ random: inout SplitMix64) -> [Int32] {
        let words = tokens.words(of: ids).dropFirst().dropLast()
        if words.isEmpty { return ids }
        var kept = words.filter { _ in random.unit() >= Double(configuration.deletionRatio) }
        if kept.isEmpty { kept = [words[words.startIndex + random.below(words.count)]] }
        return [ids[0]] + kept.flatMap { ids[$0] } + [ids[ids.count - 1]]
    }
}
