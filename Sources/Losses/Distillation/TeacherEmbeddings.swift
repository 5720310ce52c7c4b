import NeuralNetwork
import Tensors

/// A teacher's embeddings as labels, and the projection of the student's where the teacher's have another length.
struct TeacherEmbeddings {
    /// The length of the teacher's embeddings.
    private let length: Int
    /// Whether the label has an embedding for each column, rather than one for all.
    private let isForEach: Bool
    private let projection: Linear?
    /// Whether there is a projection.
    var hasProjection: Bool { projection != nil }

    /// - Throws: `LossError.unusable` when labels are not of the student's length, or of the projection's.
    init<L: Loss>(
        of loss: L.Type, projectionDimension: Int?, _ context: LossContext,
        in scope: ParameterScope
    ) throws(LossError) {
        length = projectionDimension ?? context.dimension
        let (width, columns) = (context.labelWidth, context.columns)
        isForEach = columns > 1 && width == columns * length
        if width != length && !isForEach {
            let each = columns > 1 ? " for all \(columns) texts of a row, or for each" : ""
            let fix =
                projectionDimension == nil && width.isMultiple(of: columns) && width > 1
                ? "; projection_dim adds a layer to their length" : ""
            throw loss.unusable(
                needs: "a teacher's embedding of \(length) numbers\(each)",
                found: "these labels have \(width) number\(width == 1 ? "" : "s")\(fix)")
        }
        projection = projectionDimension.map { outputs in
            // As PyTorch's `Linear` begins.
            let uniform = Initializer.uniform(bound: 1 / Float(context.dimension).squareRoot())
            return Linear(
                context.dimension, outputs, in: scope / "projection", weight: uniform, bias: uniform
            )
        }
    }

    /// The mean over the columns of what `compare` makes of the student's embeddings and the teacher's, each [rows, n].
    ///
    /// Where the student's are cut, as by `LossModifiers`, the teacher's are cut to the same length.
    func mean(
        _ embeddings: [Tensor], _ labels: [[Float]],
        _ compare: (_ student: Tensor, _ teacher: Tensor) -> Tensor
    ) -> Tensor {
        let losses = embeddings.enumerated().map { column, x in
            let first = isForEach ? column * length : 0
            let student = projection.map { $0(x) } ?? x
            return compare(
                student, Tensor(labels, columns: first..<first + student.shape[1]))
        }
        return losses.dropFirst().reduce(losses[0]) { $0 + $1 } / Float(losses.count)
    }
}
