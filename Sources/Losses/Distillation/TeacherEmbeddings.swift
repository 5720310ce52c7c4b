import NeuralNetwork
import Tensors

/// How a projection to the length of a teacher's embeddings begins.
public enum ProjectionInitialization: String, CaseIterable, Sendable {
    /// With small random numbers.
    case random
    /// With the principal components of the teacher's embeddings: what the student's numbers then are is how far the
    /// teacher's embedding goes in each of these directions.
    case pca
}

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
        of loss: L.Type, projectionDimension: Int?, _ start: ProjectionInitialization,
        _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        length = projectionDimension ?? context.dimension
        let (width, columns) = (context.labelWidth, context.columns)
        let isForEach = columns > 1 && width == columns * length
        self.isForEach = isForEach
        if width != length && !isForEach {
            let each = columns > 1 ? " for all \(columns) texts of a row, or for each" : ""
            let fix =
                projectionDimension == nil && width.isMultiple(of: columns) && width > 1
                ? "; projection_dim adds a layer to their length" : ""
            throw loss.unusable(
                needs: "a teacher's embedding of \(length) numbers\(each)",
                found: "these labels have \(width) number\(width == 1 ? "" : "s")\(fix)")
        }
        if start == .pca, context.dimension > projectionDimension ?? 0 {
            throw L.invalid(
                "projection_init", found: start.rawValue,
                expected: projectionDimension.map {
                    "random, since the teacher's embeddings of \($0) numbers have no more components and the model's have \(context.dimension)"
                } ?? "random where there is no projection_dim")
        }
        projection = projectionDimension.map { outputs in
            let scope = scope / "projection"
            switch start {
            case .random:
                // As PyTorch's `Linear` begins.
                let uniform = Initializer.uniform(bound: 1 / Float(context.dimension).squareRoot())
                return Linear(
                    context.dimension, outputs, in: scope, weight: uniform, bias: uniform)
            case .pca:
                let components = Initializer.computed {
                    Self.components(context, length: outputs, isForEach: isForEach)
                }
                return Linear(context.dimension, outputs, in: scope, weight: components)
            }
        }
    }

    /// The first principal components of the labels' embeddings as the columns of a weight: [length, dimension].
    private static func components(
        _ context: LossContext, length: Int, isForEach: Bool
    ) -> [Float] {
        guard case .vectors(let row, let count, _) = context.labels, count > 0 else {
            preconditionFailure("principal components need the labels of the data in the context")
        }
        let columns = isForEach ? context.columns : 1
        let found = PrincipalComponents(
            count: context.dimension, ofRows: count * columns, width: length
        ) { index in
            let first = index % columns * length
            return Array(row(index / columns)[first..<first + length])
        }
        return (0..<length * context.dimension).map { index in
            found.components[index % context.dimension * length + index / context.dimension]
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
