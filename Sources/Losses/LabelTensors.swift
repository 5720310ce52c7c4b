import ExampleFiles
import Tensors

extension Tensor {
    /// Some of the numbers of each label: [labels, columns].
    init(_ labels: [[Float]], columns: Range<Int>) {
        self.init(labels.flatMap { $0[columns] }, [labels.count, columns.count])
    }

    /// Vectors of one number for each row side by side: several of [rows] to [rows, vectors].
    static func columns(_ vectors: [Tensor]) -> Tensor {
        .concatenated(vectors.map { $0.reshaped([$0.shape[0], 1]) }, axis: 1)
    }
}

/// What is wrong with scores that should be 0 or 1; nil when nothing is.
func problemWithBinaryScores(_ labels: LabelColumn) -> LabelProblem? {
    guard case .scores(let scores) = labels, let other = scores.first(where: { $0 != 0 && $0 != 1 })
    else { return nil }
    return LabelProblem(
        needs: "scores of 0 and 1",
        found:
            "one of \(other); make each of them 0 or 1, or take cosine or cosent, losses of graded scores"
    )
}
