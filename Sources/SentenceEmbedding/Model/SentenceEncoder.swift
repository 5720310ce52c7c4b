import Foundation
import Kernels
import NeuralNetwork
import Tensors
import Tokenization

/// A sentence-embedding model that never changes: tokenizer, weights without gradients, and `encode`, which may be called
/// from many tasks at once.
///
/// Calls share the threads of the process: one that finds them busy computes on its own thread alone. After a call, free
/// buffers beyond 64 MiB go back to the system.
///
/// ```swift
/// let encoder = try SentenceEncoder(path: "model")
/// async let questions = encoder.encode(["How old is the universe?"])
/// async let answers = encoder.encode(["About 13.8 billion years."])
/// print(try await questions[0].count, try await answers.rows)
/// ```
public final class SentenceEncoder: @unchecked Sendable {
    // Sendable, because nobody else has the model and nothing here changes it.
    private let model: SentenceTransformer
    private static let keptBytes = 64 << 20

    /// Opens a folder or a checkpoint.
    ///
    /// - Parameters:
    ///   - prompt: What is put in front of every text; nil for the model's own.
    ///   - truncateDimension: How many numbers of each embedding are kept; nil for as many as the model says.
    /// - Throws: What `SentenceTransformer(path:)` throws, `ConfigurationError`, and `ModelError.promptTooLong`.
    public init(path: String, prompt: String? = nil, truncateDimension: Int? = nil) throws {
        model = try SentenceTransformer(path: path)
        if let truncateDimension { try model.truncateEmbeddings(to: truncateDimension) }
        if let prompt { try model.setPrompt(prompt) }
    }

    /// Copies a model as it is now: what becomes of it later changes nothing here.
    ///
    /// - Throws: `ModelError.promptTooLong`.
    public init(copying model: SentenceTransformer, prompt: String? = nil) throws {
        self.model = try SentenceTransformer(
            model.bert.configuration, tokenizer: model.tokenizer, pooling: model.pooling,
            modules: model.modules, settings: model.settings,
            maxSequenceLength: model.maxSequenceLength,
            source: .weights(ParameterWeights(model.parameters)))
        try self.model.setPrompt(prompt ?? model.prompt)
        try self.model.truncateEmbeddings(to: model.embeddingDimension)
    }

    /// Length of an embedding.
    public var dimension: Int { model.embeddingDimension }

    /// Text to ids.
    public var tokenizer: BertTokenizer { model.tokenizer }

    /// Embeddings of texts in their order, the same as `SentenceTransformer.encode` gives.
    public func encode(
        _ texts: [String], tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) -> Embeddings {
        let values = model.encode(texts, tokensPerBatch: tokensPerBatch).values
        Storage.trimPool(to: Self.keptBytes)
        return Embeddings(values, dimension: dimension)
    }
}

/// Embeddings as plain numbers.
public struct Embeddings: Sendable, Equatable {
    /// All numbers, row after row.
    public let values: [Float]
    /// The numbers in a row.
    public let dimension: Int

    init(_ values: [Float], dimension: Int) {
        self.values = values
        self.dimension = dimension
    }

    /// The number of rows.
    public var rows: Int { values.count / dimension }

    /// The embedding of a text.
    public subscript(row: Int) -> ArraySlice<Float> {
        values[row * dimension..<(row + 1) * dimension]
    }
}
