import Tensors

/// The least and the greatest value in each column of some embeddings, the calibration of a quantizer.
public struct EmbeddingRanges: Sendable, Equatable {
    /// The least value of each column.
    public private(set) var minima: [Float]
    /// The greatest value of each column.
    public private(set) var maxima: [Float]
    /// How many embeddings were seen.
    public private(set) var count = 0

    /// The ranges of no embeddings yet.
    public init(dimension: Int) {
        minima = Array(repeating: .infinity, count: dimension)
        maxima = Array(repeating: -.infinity, count: dimension)
    }

    /// The ranges of some embeddings, [sentences, dimension].
    public init(_ embeddings: Tensor) {
        self.init(dimension: embeddings.shape[1])
        include(embeddings)
    }

    /// Widens the ranges by more embeddings, [sentences, dimension].
    public mutating func include(_ embeddings: Tensor) {
        let width = minima.count
        precondition(
            embeddings.shape.rank == 2 && embeddings.shape[1] == width,
            "ranges of \(width) columns cannot include embeddings \(embeddings.shape)")
        embeddings.withSpan { values in
            for row in 0..<embeddings.shape[0] {
                for column in 0..<width {
                    let value = values[row * width + column]
                    minima[column] = min(minima[column], value)
                    maxima[column] = max(maxima[column], value)
                }
            }
        }
        count += embeddings.shape[0]
    }
}
