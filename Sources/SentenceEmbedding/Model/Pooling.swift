import Serialization
import Tensors

/// Turns the token vectors of each sequence into one vector.
public struct Pooling: Sendable {
    /// How, in the order in which the results are joined when there are several.
    public let modes: [PoolingMode]

    /// Creates a pooling; at least one mode.
    public init(_ modes: [PoolingMode] = [.mean]) {
        precondition(!modes.isEmpty, "a pooling needs a mode")
        self.modes = modes
    }

    /// [tokens, hidden] to [sequences, hidden · modes]
    public func callAsFunction(_ hidden: Tensor, _ layout: SequenceLayout) -> Tensor {
        let pooled = modes.map { mode in
            switch mode {
            case .cls: hidden.segmentSum(layout) { _, position in position == 0 ? 1 : 0 }
            case .lastToken:
                hidden.segmentSum(layout) { length, position in position == length - 1 ? 1 : 0 }
            case .max: hidden.segmentMax(layout)
            case .mean: hidden.segmentMean(layout)
            case .meanSqrtLength:
                hidden.segmentSum(layout) { length, _ in 1 / Float(length).squareRoot() }
            case .weightedMean:
                hidden.segmentSum(layout) { length, position in
                    Float(position + 1) / (Float(length) * Float(length + 1) / 2)
                }
            }
        }
        return pooled.count == 1 ? pooled[0] : .concatenated(pooled, axis: 1)
    }
}
