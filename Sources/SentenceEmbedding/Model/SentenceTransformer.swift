import Foundation
import Kernels
import NeuralNetwork
import Serialization
import Tensors
import Tokenization

/// A sentence-embedding model: tokenizer, BERT, pooling and, if the model has it, normalisation.
///
/// As a siamese network (Reimers and Gurevych 2019, arXiv:1908.10084) it embeds both sentences of a pair
/// with the same weights. The model is not thread-safe; its kernels use all threads.
public final class SentenceTransformer {
    /// Tokens computed at a time when encoding: enough to keep every core busy, few enough for the caches.
    public static let defaultTokensPerBatch = 2048

    /// Text to ids.
    public let tokenizer: BertTokenizer
    /// The encoder.
    public let bert: Bert
    /// Token vectors to sentence vectors.
    public let pooling: Pooling
    /// Whether embeddings are scaled to length 1.
    public let normalizes: Bool
    /// The most tokens of a sentence that are read, both special tokens included.
    public var maxSequenceLength: Int
    /// Every parameter of the encoder.
    public let parameters: ParameterStore

    /// Creates a model whose encoder gets its weights from `source`.
    ///
    /// - Throws: `ParameterError` when the weights do not fit; `ModelError` when the vocabulary does not.
    public init(
        _ configuration: BertConfiguration, tokenizer: BertTokenizer, pooling: Pooling = Pooling(),
        normalizes: Bool = false, maxSequenceLength: Int? = nil, source: ParameterSource
    ) throws {
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw ModelError.vocabularyTooLarge(
                tokens: tokenizer.vocabularySize, rows: configuration.vocabularySize)
        }
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.normalizes = normalizes
        self.maxSequenceLength = min(
            maxSequenceLength ?? configuration.maxPositionEmbeddings,
            configuration.maxPositionEmbeddings)
        parameters = ParameterStore(source: source)
        bert = Bert(configuration, in: parameters.root)
        try parameters.validate()
    }

    /// Length of an embedding.
    public var embeddingDimension: Int { bert.configuration.hiddenSize * pooling.modes.count }

    /// Embeddings of a packed batch: [sequences, dimension]. Recorded when there is a tape.
    public func callAsFunction(_ batch: TokenBatch, on tape: Tape? = nil) -> Tensor {
        let pooled = pooling(bert(batch, on: tape), batch.layout)
        return normalizes ? pooled.normalized() : pooled
    }

    /// The ids of each sentence, cut at `maxSequenceLength`, on all threads.
    public func tokenize(_ sentences: [String]) -> [[Int32]] {
        var ids = [[Int32]](repeating: [], count: sentences.count)
        ids.withUnsafeMutableBufferPointer { ids in
            nonisolated(unsafe) let ids = ids
            ThreadPool.shared.ranges(sentences.count, grain: 16) { range in
                for i in range {
                    ids[i] = tokenizer.encode(sentences[i], maxLength: maxSequenceLength)
                }
            }
        }
        return ids
    }

    /// Embeddings of sentences in their order: [sentences, dimension].
    ///
    /// Sentences of similar length are computed together, up to `tokensPerBatch` tokens at a time.
    /// An embedding does not depend on the sentences around it but for the rounding of the last bits.
    public func encode(
        _ sentences: [String], tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) -> Tensor {
        let ids = tokenize(sentences)
        let order = ids.indices.sorted { (ids[$1].count, $0) < (ids[$0].count, $1) }
        let width = embeddingDimension
        let result = Storage(sentences.count * width)
        var next = 0
        while next < order.count {
            var (end, tokens) = (next, 0)
            repeat {
                tokens += ids[order[end]].count
                end += 1
            } while end < order.count && tokens + ids[order[end]].count <= tokensPerBatch
            let batch = self(TokenBatch(order[next..<end].map { ids[$0] }))
            for (row, sentence) in order[next..<end].enumerated() {
                (result.base + sentence * width).update(
                    from: batch.base + row * width, count: width)
            }
            next = end
        }
        return Tensor([sentences.count, width], result)
    }
}

/// Parts of a model that do not fit together.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The tokenizer can produce ids for which there is no embedding.
    case vocabularyTooLarge(tokens: Int, rows: Int)
    /// There is nothing at the path.
    case noModel(path: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .vocabularyTooLarge(let tokens, let rows):
            "the vocabulary has \(tokens) tokens, but the weights have rows for only \(rows) (vocab_size in config.json): use the vocabulary that the model was trained with"
        case .noModel(let path):
            "\(path): no such file or folder; give the folder of a BERT model (config.json, model.safetensors, vocab.txt) or a checkpoint (.h5)"
        }
    }
}
