import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Brings embeddings near a teacher's: the mean of 1 − cosine, of the distance, or of the squared difference.
///
/// | Columns | Labels |
/// |---|---|
/// | one or more texts | a vector: the teacher's embedding that all of them should have |
/// | several texts | a vector: the teacher's embedding of each, end to end |
///
/// Kim et al. 2023, "EmbedDistill", arXiv:2301.12005. With `projection_dim` a linear layer, trained along and not part
/// of the model, takes the student's embeddings to the length of the teacher's; with `projection_init: pca` it begins with
/// the principal components of the teacher's. `DistillKLDivLoss` and `MarginMSELoss` learn from a teacher's scores
/// instead, which may be a cross-encoder's.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 1, labelWidth: 384)
/// let loss = try EmbedDistillLoss(.init(), context, in: store.root)
/// let value = loss([embeddings], labels: teacherEmbeddings)
/// ```
public struct EmbedDistillLoss: Loss {
    /// How far an embedding is from the teacher's.
    public enum Distance: String, CaseIterable, Sendable {
        /// 1 − the cosine.
        case cosine
        /// The mean of the squared differences of the numbers.
        case mse
        /// The Euclidean distance.
        case l2
    }

    /// The settings.
    public struct Configuration: Settings {
        /// How far an embedding is from the teacher's.
        public var distance = Distance.cosine
        /// The length of the teacher's embeddings where it is another than the model's.
        public var projectionDimension: Int?
        /// How that layer begins.
        public var projectionInitialization = ProjectionInitialization.random

        /// `distance_metric`, `projection_dim`, `projection_init`
        public static let settings = [
            Setting(
                "distance_metric", \Self.distance, "How far an embedding is from the teacher's."),
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

    /// `embed_distill`
    public static let name = "embed_distill"
    /// One or more.
    public static let columns = 1...Int.max
    private let distance: Distance
    private let teacher: TeacherEmbeddings

    /// Creates the loss; with `projection_dim` it has `projection.weight` and `projection.bias`.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        distance = configuration.distance
        teacher = try TeacherEmbeddings(
            of: Self.self, projectionDimension: configuration.projectionDimension,
            configuration.projectionInitialization, context, in: scope)
    }

    /// Unless there is a projection, which knows whole embeddings alone.
    public var takesCutEmbeddings: Bool { !teacher.hasProjection }

    /// The loss of a batch, a scalar; the teacher's numbers for each row.
    public func callAsFunction(_ embeddings: [Tensor], labels: [[Float]]) -> Tensor {
        teacher.mean(embeddings, labels) { student, teacher in
            switch distance {
            case .cosine: 1 - student.cosineSimilarity(teacher).mean()
            case .mse: (student - teacher).squared().mean()
            case .l2: student.euclideanDistance(teacher).mean()
            }
        }
    }
}
