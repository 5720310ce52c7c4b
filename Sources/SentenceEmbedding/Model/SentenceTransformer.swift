import Foundation
import Kernels
import NeuralNetwork
import Serialization
import Tensors
import Tokenization

/// A sentence-embedding model: tokenizer, BERT, pooling and, if the model has them, dense layers and
/// normalisation.
///
/// As a siamese network (Reimers and Gurevych 2019, arXiv:1908.10084) it embeds both sentences of a pair
/// with the same weights. The model is not thread-safe; its kernels use all threads.
public final class SentenceTransformer {
    /// Tokens computed at a time when encoding: enough to keep every core busy, few enough for the caches.
    public static let defaultTokensPerBatch = 1024

    /// Text to ids.
    public let tokenizer: BertTokenizer
    /// The encoder.
    public let bert: Bert
    /// Token vectors to sentence vectors.
    public let pooling: Pooling
    /// The dense layers that sentence vectors go through, in order; none for most models.
    public let dense: [Dense]
    /// Whether embeddings are scaled to length 1.
    public let normalizes: Bool
    /// The most tokens of a sentence that are read, both special tokens included: 3 or more, and no more than
    /// the encoder has positions.
    public var maxSequenceLength: Int {
        didSet {
            let lengths = 3...bert.configuration.maxPositionEmbeddings
            precondition(lengths.contains(maxSequenceLength), "a length outside \(lengths)")
        }
    }
    /// Length of an embedding.
    public let embeddingDimension: Int
    /// Every parameter of the encoder and of the dense layers.
    public let parameters: ParameterStore

    /// Creates a model that gets its weights from `source`.
    ///
    /// - Throws: `ConfigurationError` when there can be no such encoder, a dense layer does not fit the module
    ///   before it, or sentences would be cut to nothing; `ParameterError` when the weights do not fit;
    ///   `ModelError` when the vocabulary does not.
    public init(
        _ configuration: BertConfiguration, tokenizer: BertTokenizer, pooling: Pooling = Pooling(),
        dense: [DenseConfiguration] = [], normalizes: Bool = false, maxSequenceLength: Int? = nil,
        source: ParameterSource
    ) throws {
        try configuration.validate()
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw ModelError.vocabularyTooLarge(
                tokens: tokenizer.vocabularySize, rows: configuration.vocabularySize)
        }
        embeddingDimension = try DenseConfiguration.width(
            after: dense, from: configuration.hiddenSize * pooling.modes.count)
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.normalizes = normalizes
        self.maxSequenceLength = min(
            maxSequenceLength ?? configuration.maxPositionEmbeddings,
            configuration.maxPositionEmbeddings)
        guard self.maxSequenceLength >= 3 else {
            throw ConfigurationError(
                key: "max_seq_length", found: "\(self.maxSequenceLength)",
                expected: "3 or more tokens: two are special")
        }
        parameters = ParameterStore(source: source)
        let root = parameters.root
        bert = Bert(configuration, in: root)
        self.dense = dense.enumerated().map { index, layer in
            Dense(layer, in: root / DenseConfiguration.folderName(index) / "linear")
        }
        try parameters.validate()
    }

    /// Embeddings of a packed batch: [sequences, dimension]. Recorded when there is a tape.
    public func callAsFunction(_ batch: TokenBatch, on tape: Tape? = nil) -> Tensor {
        finished(pooling(bert(batch, on: tape), batch.layout))
    }

    /// What comes after the pooling, the dense layers and normalisation: [sequences, width] to
    /// [sequences, dimension].
    public func finished(_ pooled: Tensor) -> Tensor {
        let projected = dense.reduce(pooled) { $1($0) }
        return normalizes ? projected.normalized() : projected
    }

    /// The ids of each sentence, cut at `maxSequenceLength`, on all threads.
    public func tokenize(_ sentences: [String]) -> [[Int32]] {
        var ids = [[Int32]](repeating: [], count: sentences.count)
        ids.withUnsafeMutableBufferPointer { ids in
            nonisolated(unsafe) let ids = ids
            ThreadPool.shared.ranges(sentences.count, grain: 4) { range in
                for i in range {
                    ids[i] = tokenizer.encode(sentences[i], maxLength: maxSequenceLength)
                }
            }
        }
        return ids
    }

    /// Embeddings of sentences in their order: [sentences, dimension].
    ///
    /// Sentences of similar length are computed together, up to `tokensPerBatch` tokens at a time, and those
    /// with the same ids once. An embedding does not depend on the sentences around it: not at all with our own
    /// matrix products (`GEMM.Engine`), and with a BLAS library's but for the rounding of the last bits.
    public func encode(
        _ sentences: [String], tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) -> Tensor {
        let ids = tokenize(sentences)
        var known: [[Int32]: Int] = [:]
        let original = ids.enumerated().map { index, ids in
            if let first = known[ids] { return first }
            known[ids] = index
            return index
        }
        let order = ids.indices.filter { original[$0] == $0 }
            .sorted { (ids[$1].count, $0) < (ids[$0].count, $1) }
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
        for (sentence, first) in original.enumerated() where sentence != first {
            (result.base + sentence * width).update(from: result.base + first * width, count: width)
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
