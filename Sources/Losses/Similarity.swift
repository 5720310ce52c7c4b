import Tensors

/// How alike two embeddings are; more is more alike.
public enum Similarity: String, CaseIterable, Sendable {
    /// The cosine of their angle.
    case cosine
    /// Their dot product.
    case dot
    /// The negative of their Euclidean distance.
    case euclidean
    /// The negative of the sum of their absolute differences.
    case manhattan

    /// Of each row with the same row of the other: two of [rows, n] to [rows].
    public func ofRows(_ a: Tensor, _ b: Tensor) -> Tensor {
        switch self {
        case .cosine: a.cosineSimilarity(b)
        case .dot: a.dot(b)
        case .euclidean: -a.euclideanDistance(b)
        case .manhattan: -a.manhattanDistance(b)
        }
    }

    /// Of every row with every row of the other: [m, n] and [k, n] to [m, k].
    public func ofAll(_ a: Tensor, _ b: Tensor) -> Tensor {
        switch self {
        case .cosine: a.normalized().matmul(b.normalized(), transposed: true)
        case .dot: a.matmul(b, transposed: true)
        case .euclidean: -a.euclideanDistances(to: b)
        case .manhattan: -a.manhattanDistances(to: b)
        }
    }
}
