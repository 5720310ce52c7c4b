import EvaluationMetrics
import ExampleFiles
import Losses
import ModelFolders
import Serialization
import Settings

/// How well a threshold on a similarity tells pairs that belong together from others, as
/// `BinaryClassificationEvaluator` of sentence-transformers.
///
/// Accuracy, F1 with precision and recall, average precision and Matthews' correlation, by four similarities; the
/// average precision of the model's own is the primary figure.
public struct BinaryClassificationEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// `binary-classification`
    public let task = "binary-classification"
    /// The pairs, scored 0 or 1.
    public let pairs: ExampleTable
    /// The pairs.
    public var table: ExampleTable? { pairs }
    private let labels: [Bool]

    /// Creates an evaluator of pairs that are scored 1 when they belong together, and 0 otherwise.
    ///
    /// - Throws: `EvaluationError.wrongData` when they are no such pairs.
    public init(_ pairs: ExampleTable, name: String = "") throws(EvaluationError) {
        guard case .scores(let scores) = pairs.labels, pairs.columnNames.count == 2,
            scores.allSatisfy({ $0 == 0 || $0 == 1 }), Set(scores).count == 2
        else {
            throw .wrongData(
                path: pairs.name, needs: "pairs of texts with scores of 0 and 1, some of each")
        }
        self.pairs = pairs
        self.name = name
        labels = scores.map { $0 == 1 }
    }

    /// Eight figures for each similarity, such as `cosine_ap`.
    ///
    /// - Throws: `EmptyTextError` for a text without tokens.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        try pairs.requireTokens(of: model.tokenizer)
        let scores = model.similarities(of: pairs)
        let primary = model.settings.similarity
        let all = [primary] + SimilarityFunction.allCases.filter { $0 != primary }
        let figures = all.flatMap { similarity in
            let isDistance = similarity == .euclidean || similarity == .manhattan
            return BinaryClassification.figures(
                scores: scores[similarity, default: []].map { Float(isDistance ? -$0 : $0) },
                labels: labels, higherIsPositive: !isDistance
            ).map { $0.prefixed("\(similarity)_") }
        }
        let undefined = figures.filter { !$0.value.isFinite && $0.direction == .higher }
        return Evaluation(
            figures,
            undefined: undefined.isEmpty
                ? []
                : [
                    Evaluation.Undefined(
                        undefined.map(\.name),
                        "a similarity is not a finite number; the weights are damaged, or training diverged"
                    )
                ], primary: "\(primary)_ap",
            predictions: scores[primary].map {
                Predictions(
                    .averagePrecision, gold: labels.map { $0 ? 1 : 0 }, predicted: $0)
            })
    }
}

/// `binary_classification`: pairs with scores of 0 and 1, and how well a threshold on their similarity tells them apart.
public struct BinaryClassificationEvaluation: EvaluationKind {
    /// `binary_classification`
    public static let kind = "binary_classification"
    /// Pairs with scores.
    public static let request: ExampleRequest? = .scoredPairs
    /// None.
    public static let settings: [Setting<BinaryClassificationEvaluation>] = []
    /// Creates it.
    public init() {}

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw EvaluationError.missing(evaluation: name, key: "data") }
        return try BinaryClassificationEvaluator(data, name: name)
    }
}
