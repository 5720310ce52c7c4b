/// How the numbers of an embedding are stored.
public enum EmbeddingPrecision: String, CaseIterable, Codable, Sendable {
    /// As computed: four bytes a number.
    case float32
    /// One of 256 steps between a column's least and greatest value, −128...127: a byte a number.
    case int8
    /// One of 256 steps between a column's least and greatest value, 0...255: a byte a number.
    case uint8
    /// Whether the number is above 0: eight to a byte, the first in the highest bit, minus 128.
    case binary
    /// Whether the number is above 0: eight to a byte, the first in the highest bit.
    case ubinary

    /// Whether the range of each column must be known.
    public var needsRanges: Bool { self == .int8 || self == .uint8 }

    /// The length of a stored row for embeddings of `dimension` numbers.
    public func width(dimension: Int) -> Int {
        switch self {
        case .float32, .int8, .uint8: dimension
        case .binary, .ubinary: (dimension + 7) / 8
        }
    }
}
