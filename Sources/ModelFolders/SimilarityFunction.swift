import Serialization

/// How similar two embeddings are; larger is more similar. The names are sentence-transformers'.
public enum SimilarityFunction: String, CaseIterable, Sendable {
    /// The cosine of the angle between them.
    case cosine
    /// Their dot product.
    case dot
    /// Their negated Euclidean distance.
    case euclidean
    /// The negated sum of absolute differences.
    case manhattan

    /// The similarity of two vectors of the same length; a vector of zeros has the cosine 0 with every other.
    public func callAsFunction(_ u: Span<Float>, _ v: Span<Float>) -> Double {
        precondition(u.count == v.count, "vectors of \(u.count) and \(v.count) numbers")
        var (dot, squareU, squareV, squares, absolutes) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for k in u.indices {
            let (a, b) = (Double(u[k]), Double(v[k]))
            dot += a * b
            squareU += a * a
            squareV += b * b
            squares += (a - b) * (a - b)
            absolutes += abs(a - b)
        }
        return switch self {
        case .cosine: dot / (max(squareU.squareRoot(), 1e-12) * max(squareV.squareRoot(), 1e-12))
        case .dot: dot
        case .euclidean: -squares.squareRoot()
        case .manhattan: -absolutes
        }
    }
}
