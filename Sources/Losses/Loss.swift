import ExampleFiles
import Foundation
import NeuralNetwork
import Settings
import Tensors

/// Scores the embeddings of a batch against each other and against labels.
///
/// A loss knows embeddings, not the model that made them. The parameters it adds, such as a classifier, are its own,
/// and are trained, clipped, saved and restored with the model's. A new one is a file of its own and its name in
/// `Losses.all`.
public protocol Loss {
    /// What a row is labelled with.
    associatedtype Label: ExampleLabel = NoLabel
    /// Its settings.
    associatedtype Configuration: Settings = NoSettings

    /// The name in recipes and checkpoints.
    static var name: String { get }
    /// How many texts a row may have.
    static var columns: ClosedRange<Int> { get }
    /// Whether rows may have fewer texts than there are columns, as with lists of negatives.
    static var allowsMissingTexts: Bool { get }
    /// What the batches should be like.
    static var batches: BatchPreference { get }
    /// What a model that teaches the loss gives as labels; nil when the loss cannot learn from one.
    static var teacherLabels: TeacherLabels? { get }
    /// Whether the loss can be computed of the first numbers of embeddings: it has no layer made for their whole length.
    var takesCutEmbeddings: Bool { get }
    /// What is wrong with labels of the right kind; nil when nothing is.
    static func problem(with labels: LabelColumn) -> LabelProblem?

    /// Makes the loss, with its own parameters from `scope`: random or read, as the scope's store decides.
    ///
    /// It calls `check(_:_:)` first, for it may be called with any settings and columns.
    ///
    /// - Throws: `LossError` when it cannot be used on such data.
    init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError)

    /// The loss of a batch, a scalar.
    ///
    /// `embeddings` has for each column a tensor [rows, dimension], or one with fewer rows where texts are missing;
    /// `labels` has one for each row.
    func callAsFunction(_ embeddings: [Tensor], labels: [Label]) -> Tensor
}

extension Loss {
    /// False.
    public static var allowsMissingTexts: Bool { false }
    /// Any.
    public static var batches: BatchPreference { .any }
    /// The embedding of the first text where labels are vectors, else nil.
    public static var teacherLabels: TeacherLabels? {
        Label.kind == .vectors ? .embedding : nil
    }
    /// True.
    public var takesCutEmbeddings: Bool { true }
    /// Nothing is.
    public static func problem(with labels: LabelColumn) -> LabelProblem? { nil }
}

/// What a model says of the texts of a row, as the row's label.
public enum TeacherLabels: String, Sendable {
    /// Its embedding of the first text, which all texts of the row should have.
    case embedding
    /// Its embeddings of all texts, end to end.
    case embeddings
    /// How alike it finds the first two texts, a score.
    case similarity
    /// How alike it finds the first text and each of the others, a vector.
    case similarities
}

/// Why a loss cannot use labels of the kind that it asks for.
public struct LabelProblem: Sendable, Equatable {
    /// What is needed, in a phrase that goes on "the loss `NAME` needs".
    public let needs: String
    /// What the labels are instead and the likely fix, in a phrase that goes on "but `DATA` has".
    public let found: String

    /// Describes the problem.
    public init(needs: String, found: String) {
        self.needs = needs
        self.found = found
    }
}

/// What a loss needs of the rows that form a batch.
public enum BatchPreference: Sendable {
    /// Nothing.
    case any
    /// That no text is there twice: others' texts count as negatives.
    case withoutDuplicates
    /// That each class is there twice or more, or not at all.
    case withPairsOfClasses
}

/// A loss that puts a row into one of the classes.
public protocol ClassifyingLoss: Loss {
    /// The score of each class for each row: of each column [rows, dimension] to [rows, classes].
    func logits(_ embeddings: [Tensor]) -> Tensor
}

/// What a loss may ask of its surroundings when it is made.
public struct LossContext: Sendable {
    /// The length of an embedding.
    public let dimension: Int
    /// The number of texts in a row.
    public let columns: Int
    /// The names of the classes, in the order of their ids; none when labels are no classes.
    public let classNames: [String]
    /// The numbers in a label that is a vector, or 1.
    public let labelWidth: Int
    /// Whether rows have labels.
    public let hasLabels: Bool
    /// The labels of the data, for a loss that begins with what they suggest; none when it has begun already.
    public let labels: LabelColumn

    /// Describes the surroundings.
    public init(
        dimension: Int, columns: Int, classNames: [String] = [], labelWidth: Int = 1,
        hasLabels: Bool = true, labels: LabelColumn = .none
    ) {
        self.labels = labels
        self.dimension = dimension
        self.columns = columns
        self.classNames = classNames
        self.labelWidth = labelWidth
        self.hasLabels = hasLabels
    }
}

/// Why a loss cannot be used.
public enum LossError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// There is no loss of this name.
    case unknown(name: String, suggestion: String?, known: [String])
    /// Settings of the loss are wrong.
    case settings(SettingError)
    /// The data are not what the loss needs.
    case unusable(loss: String, needs: String, found: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .unknown(let name, let suggestion, let known):
            "there is no loss '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        case .settings(let error): error.description
        case .unusable(let loss, let needs, let found):
            "the loss \(loss) needs \(needs), but \(found)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
