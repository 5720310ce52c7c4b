import Foundation
import Kernels
import ModelFolders
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

    /// Takes over a model that nobody else uses, with the prompt and the dimension that it has.
    public init(_ model: sending SentenceTransformer) { self.model = model }

    /// Copies a model as it is now: what becomes of it later changes nothing here.
    ///
    /// - Throws: `ModelError.promptTooLong`.
    public init(copying model: SentenceTransformer, prompt: String? = nil) throws {
        self.model = try SentenceTransformer(copying: model)
        try self.model.setPrompt(prompt ?? model.prompt)
    }

    /// Length of an embedding.
    public var dimension: Int { model.embeddingDimension }

    /// Text to ids.
    public var tokenizer: BertTokenizer { model.tokenizer }

    /// The most tokens of a text that are read, both special tokens included.
    public var maxSequenceLength: Int { model.maxSequenceLength }

    /// How embeddings are compared, and the prompts that the model was trained with.
    public var settings: ModelSettings { model.settings }

    /// What is put in front of every text; mostly nothing.
    public var prompt: String { model.prompt }

    /// Embeddings of texts in their order, the same as `SentenceTransformer.encode` gives.
    public func encode(
        _ texts: [String], tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) -> Embeddings {
        embeddings(model.encode(texts, tokensPerBatch: tokensPerBatch))
    }

    /// Embeddings of texts that are ids already, as `tokenizer` gives them of a prompt and a text.
    ///
    /// - Parameter unpooledTokens: How many at the start of each are the prompt's and not pooled.
    package func encode(_ ids: [[Int32]], unpooledTokens: Int, tokensPerBatch: Int) -> Embeddings {
        embeddings(
            model.encode(ids, unpooledTokens: unpooledTokens, tokensPerBatch: tokensPerBatch))
    }

    /// How many tokens at the start of a text are not pooled when this prompt is in front.
    package func unpooledTokens(of prompt: String) -> Int { model.unpooledTokens(of: prompt) }

    private func embeddings(_ tensor: Tensor) -> Embeddings {
        Storage.trimPool(to: Self.keptBytes)
        return Embeddings(tensor.values, dimension: dimension)
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
