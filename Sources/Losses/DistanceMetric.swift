import Tensors

/// How far two embeddings are from each other.
///
/// Where a Euclidean distance is 0 its gradient counts as 0.
public enum DistanceMetric: String, CaseIterable, Sendable {
    /// 1 − the cosine of their angle.
    case cosine
    /// The Euclidean distance.
    case euclidean
    /// The sum of the absolute differences.
    case manhattan

    /// Of each row from the same row of the other: two of [rows, n] to [rows].
    public func ofRows(_ a: Tensor, _ b: Tensor) -> Tensor {
        switch self {
        case .cosine: 1 - a.cosineSimilarity(b)
        case .euclidean: a.euclideanDistance(b)
        case .manhattan: a.manhattanDistance(b)
        }
    }

    /// Of every row from every row of the other: [m, n] and [k, n] to [m, k].
    public func ofAll(_ a: Tensor, _ b: Tensor) -> Tensor {
        switch self {
        case .cosine: 1 - Similarity.cosine.ofAll(a, b)
        case .euclidean: a.euclideanDistances(to: b)
        case .manhattan: a.manhattanDistances(to: b)
        }
    }
}
