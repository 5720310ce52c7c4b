import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Copies a teacher's embeddings: the mean squared difference of their numbers.
///
/// | Columns | Labels |
/// |---|---|
/// | one or more texts | a vector: the teacher's embedding that all of them should have |
/// | several texts | a vector: the teacher's embedding of each, end to end |
///
/// With a text and its translation and the teacher's embedding of the text it makes a multilingual model: Reimers and
/// Gurevych 2020, arXiv:2004.09813. With `projection_dim` a linear layer, trained along and not part of the model, takes
/// the student's embeddings to the length of the teacher's, from the start on along the principal components of the
/// teacher's with `projection_init: pca`. `EmbedDistillLoss` has the cosine too, better when only directions matter.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, labelWidth: 384)
/// let loss = try MSELoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: teacherEmbeddings)
/// ```
public struct MSELoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// The length of the teacher's embeddings where it is another than the model's.
        public var projectionDimension: Int?
        /// How that layer begins.
        public var projectionInitialization = ProjectionInitialization.random

        /// `projection_dim`, `projection_init`
        public static let settings = [
            Setting(
                "projection_dim", \Self.projectionDimension, 1...1_000_000,
                "The length of the teacher's embeddings where it is another than the model's."),
            Setting(
                "projection_init", \Self.projectionInitialization,
                "How the layer to that length begins."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `mse`
    public static let name = "mse"
    /// One or more.
    public static let columns = 1...Int.max
    private let teacher: TeacherEmbeddings

    /// Creates the loss; with `projection_dim` it has `projection.weight` and `projection.bias`.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        teacher = try TeacherEmbeddings(
            of: Self.self, projectionDimension: configuration.projectionDimension,
            configuration.projectionInitialization, context, in: scope)
    }

    /// Unless there is a projection, which knows whole embeddings alone.
    public var takesCutEmbeddings: Bool { !teacher.hasProjection }

    /// The loss of a batch, a scalar; the teacher's numbers for each row.
    public func callAsFunction(_ embeddings: [Tensor], labels: [[Float]]) -> Tensor {
        teacher.mean(embeddings, labels) { student, teacher in (student - teacher).squared().mean()
        }
    }
}
