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
    /// The settings that are paths.
    static var paths: [WritableKeyPath<Self, String?>] { get }

    /// Makes the evaluator.
    ///
    /// - Parameters:
    ///   - data: The table, as `request` asks for it.
    ///   - name: What the figures' names begin with.
    /// - Throws: What is wrong with the data or the files.
    func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator
}

extension EvaluationKind {
    /// None.
    public static var paths: [WritableKeyPath<Self, String?>] { [] }
}

/// Every kind of evaluation by its name.
public enum Evaluations {
    /// All kinds, in the order in which documents show them.
    public static var all: [any EvaluationKind.Type] {
        [SimilarityEvaluation.self, LabelAccuracyEvaluation.self]
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

/// `similarity`: pairs with scores, and how well the embeddings' similarity correlates with them.
public struct SimilarityEvaluation: EvaluationKind {
    /// `similarity`
    public static let kind = "similarity"
    /// Pairs with scores.
    public static let request: ExampleRequest? = .scoredPairs
    /// None.
    public static let settings: [Setting<SimilarityEvaluation>] = []
    /// Creates it.
    public init() {}

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw RecipeError.missing(key: name + ".data") }
        return try EmbeddingSimilarityEvaluator(data, name: name)
    }
}

/// `label_accuracy`: labelled pairs, and how many of them a loss's classifier puts into their class.
public struct LabelAccuracyEvaluation: EvaluationKind {
    /// `label_accuracy`
    public static let kind = "label_accuracy"
    /// Pairs with classes.
    public static let request: ExampleRequest? = .labelledPairs
    /// The task whose loss has the classifier; nil for the only one that has.
    public var task: String?
    /// Creates it.
    public init() {}

    /// Every setting.
    public static let settings: [Setting<LabelAccuracyEvaluation>] = [
        Setting(
            "task", \.task, expected: "the name of a task",
            "The task whose loss has the classifier.")
    ]

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw RecipeError.missing(key: name + ".data") }
        return try LabelAccuracyEvaluator(data, classifier: task, name: name)
    }
}
