import Foundation
import Serialization

/// Takes embeddings block by block and stores them in some format.
public protocol EmbeddingWriter {
    /// Appends `rows` stored rows, which must have the writer's precision.
    func append(_ embeddings: QuantizedEmbeddings, rows: Int) throws
    /// Completes the output; nothing is appended afterwards.
    func finish() throws
}

/// What embeddings are stored as.
public enum EmbeddingFormat: String, CaseIterable, Sendable {
    /// NumPy's array format.
    case npy
    /// HDF5: a dataset `embeddings`.
    case h5
    /// A JSON array of numbers a line.
    case jsonl
    /// Numbers separated by commas, a line an embedding, without a header.
    case csv

    /// Whether the format is made of lines, so that it can go to a pipe.
    public var isText: Bool { self == .jsonl || self == .csv }

    /// The format that a file's name stands for; nil when it stands for none.
    public init?(path: String) {
        switch URL(filePath: path).pathExtension.lowercased() {
        case "npy": self = .npy
        case "h5", "hdf5": self = .h5
        case "jsonl", "ndjson": self = .jsonl
        case "csv": self = .csv
        default: return nil
        }
    }
}

/// What is known of embeddings beside their values; formats that can hold it do.
public struct EmbeddingDescription: Sendable {
    /// The model that made them.
    public let model: String
    /// The length of an embedding, in numbers.
    public let dimension: Int
    /// How the numbers are stored.
    public let precision: EmbeddingPrecision
    /// Whether every embedding has length 1, but for the rounding by the precision.
    public let isNormalized: Bool
    /// The columns' ranges, for `int8` and `uint8`.
    public let ranges: EmbeddingRanges?

    /// Describes what a quantizer makes of a model's embeddings.
    public init(
        model: String, dimension: Int, quantizer: EmbeddingQuantizer, isNormalized: Bool
    ) {
        self.model = model
        self.dimension = dimension
        precision = quantizer.precision
        self.isNormalized = isNormalized
        ranges = quantizer.ranges
    }

    /// The length of a stored row.
    public var width: Int { precision.width(dimension: dimension) }
}
