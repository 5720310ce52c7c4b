import ModelFolders
import Serialization
import Tensors

/// Turns the token vectors of each sequence into one vector.
public struct Pooling: Sendable {
    /// How, in the order in which the results are joined when there are several.
    public let modes: [PoolingMode]
    /// Whether the tokens of a prompt in front of a text are pooled with the text's.
    public let includesPrompt: Bool

    /// Creates a pooling; at least one mode.
    public init(_ modes: [PoolingMode] = [.mean], includesPrompt: Bool = true) {
        precondition(!modes.isEmpty, "a pooling needs a mode")
        self.modes = modes
        self.includesPrompt = includesPrompt
    }

    /// [tokens, hidden] to [sequences, hidden · modes], without the first `skipped` tokens of each sequence; its last
    /// token is always pooled.
    public func callAsFunction(
        _ hidden: Tensor, _ layout: SequenceLayout, skipping skipped: Int = 0
    ) -> Tensor {
        if skipped > 0 { return pool(hidden, layout, from: skipped) }
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
        return Self.joined(pooled)
    }

    /// The same for what comes after the first `skipped` tokens, which keep their places: the weights of
    /// `weightedMean` go on after theirs.
    private func pool(_ hidden: Tensor, _ layout: SequenceLayout, from skipped: Int) -> Tensor {
        func first(_ length: Int) -> Int { min(skipped, length - 1) }
        let pooled = modes.map { mode in
            switch mode {
            case .cls:
                hidden.segmentSum(layout) { length, position in position == first(length) ? 1 : 0 }
            case .lastToken:
                hidden.segmentSum(layout) { length, position in position == length - 1 ? 1 : 0 }
            case .max:
                hidden.gather(
                    (0..<layout.count).flatMap { sequence in
                        let rows = layout.rows(of: sequence)
                        return rows.dropFirst(first(rows.count))
                    }
                ).segmentMax(SequenceLayout(lengths: layout.lengths.map { $0 - first($0) }))
            case .mean:
                hidden.segmentSum(layout) { length, position in
                    position < first(length) ? 0 : 1 / Float(length - first(length))
                }
            case .meanSqrtLength:
                hidden.segmentSum(layout) { length, position in
                    position < first(length) ? 0 : 1 / Float(length - first(length)).squareRoot()
                }
            case .weightedMean:
                hidden.segmentSum(layout) { length, position in
                    let start = first(length)
                    let sum = Float(length - start) * Float(length + 1 + start) / 2
                    return position < start ? 0 : Float(position + 1) / sum
                }
            }
        }
        return Self.joined(pooled)
    }

    private static func joined(_ pooled: [Tensor]) -> Tensor {
        pooled.count == 1 ? pooled[0] : .concatenated(pooled, axis: 1)
    }
}
