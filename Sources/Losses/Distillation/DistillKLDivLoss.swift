import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Copies a teacher's preferences among the texts of a row: the Kullback-Leibler divergence of the student's softmax
/// from the teacher's.
///
/// | Columns | Labels |
/// |---|---|
/// | query, positive, negatives | a vector: the teacher's scores of the positive and of each negative |
///
/// `T² · mean Σ p log(p / q)`, with p and q the softmaxes of the teacher's scores and of sim(query, text), each over its
/// temperature; T is the student's. Lin et al. 2020, arXiv:2010.11386; Hinton et al. 2015, arXiv:1503.02531, for the
/// temperature. Unlike `MarginMSELoss` it does not ask for the teacher's scale.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 3, labelWidth: 2)
/// let loss = try DistillKLDivLoss(.init(), context, in: store.root)
/// let value = loss([queries, positives, negatives], labels: [[9.1, 2.3], [8.4, -1.2]])
/// ```
public struct DistillKLDivLoss: Loss {
    /// The settings.
    public struct Configuration: Settings {
        /// How alike two embeddings are.
        public var similarity = Similarity.dot
        /// What scores are divided by, of teacher and student.
        public var temperature: Float = 1
        /// What the teacher's are divided by, where it is something else.
        public var teacherTemperature: Float?
        /// What the student's are divided by, where it is something else.
        public var studentTemperature: Float?

        /// `similarity_fct`, `temperature`, `teacher_temperature`, `student_temperature`
        public static let settings = [
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are."),
            Setting(
                "temperature", \Self.temperature, .above(0),
                "What scores are divided by, of teacher and student."),
            Setting(
                "teacher_temperature", \Self.teacherTemperature, .above(0),
                "What the teacher's scores are divided by, where it is something else."),
            Setting(
                "student_temperature", \Self.studentTemperature, .above(0),
                "What the student's scores are divided by, where it is something else."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `distill_kl_div`
    public static let name = "distill_kl_div"
    /// Three, or more with several negatives.
    public static let columns = 3...Int.max
    /// The scores of the positive and of each negative.
    public static let teacherLabels: TeacherLabels? = .similarities
    private let configuration: Configuration
    private let candidates: Int

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
        candidates = context.columns - 1
        if context.labelWidth != candidates {
            let width = context.labelWidth
            throw Self.unusable(
                needs:
                    "a teacher's \(candidates) scores of the positive and the negatives as a label",
                found: "these labels have \(width) number\(width == 1 ? "" : "s")")
        }
    }

    /// The mean over the rows, a scalar; the teacher's scores for each row.
    public func callAsFunction(_ embeddings: [Tensor], labels: [[Float]]) -> Tensor {
        let ownTemperature = configuration.studentTemperature ?? configuration.temperature
        let student = Tensor.columns(
            embeddings[1...].map { configuration.similarity.ofRows(embeddings[0], $0) })
        let teacher =
            Tensor(labels, columns: 0..<candidates)
            / (configuration.teacherTemperature ?? configuration.temperature)
        let wanted = teacher.logSoftmax()
        let divergence = wanted.exp() * (wanted - (student / ownTemperature).logSoftmax())
        return divergence.sum() * (ownTemperature * ownTemperature / Float(labels.count))
    }
}
