import ExampleFiles
import Settings
import Support

/// A kind of evaluation that recipes choose by name; its properties are the settings of such an item.
///
/// A new one is a file of its own and its name in `Evaluations.all`.
public protocol EvaluationKind: Settings {
    /// The name in recipes.
    static var kind: String { get }
    /// What its data are; nil when it reads files of its own.
    static var request: ExampleRequest? { get }
    /// Whether its figures are those of embeddings as `encode` gives them, which `truncate_dim` cuts.
    static var measuresEmbeddings: Bool { get }
    /// The settings that are paths.
    static var paths: [WritableKeyPath<Self, String?>] { get }
    /// The task whose classifier is measured; nil for the only one, or when none is.
    var classifier: String? { get }

    /// Makes the evaluator.
    ///
    /// - Parameters:
    ///   - data: The table, as `request` asks for it.
    ///   - name: What the figures' names begin with.
    /// - Throws: What is wrong with the data or the files.
    func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator
}

extension EvaluationKind {
    /// True.
    public static var measuresEmbeddings: Bool { true }
    /// None.
    public static var paths: [WritableKeyPath<Self, String?>] { [] }
    /// Nil.
    public var classifier: String? { nil }
}

/// Every kind of evaluation by its name.
public enum Evaluations {
    /// All kinds, in the order in which documents show them.
    public static var all: [any EvaluationKind.Type] {
        [
            SimilarityEvaluation.self, BinaryClassificationEvaluation.self, TripletEvaluation.self,
            RetrievalEvaluation.self, LabelAccuracyEvaluation.self, PerplexityEvaluation.self,
        ]
    }

    /// The kind of a name.
    ///
    /// - Throws: `EvaluationError.unknownKind` with the names that there are.
    public static func named(_ name: String) throws(EvaluationError) -> any EvaluationKind.Type {
        if let kind = all.first(where: { $0.kind == name }) { return kind }
        let names = all.map { $0.kind }
        throw .unknownKind(
            name: name, suggestion: closestName(to: name, among: names), known: names)
    }
}
