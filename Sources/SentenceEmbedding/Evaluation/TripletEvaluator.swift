import EvaluationMetrics
import ExampleFiles
import Losses
import ModelFolders
import Serialization
import Settings

/// How often an anchor is closer to its positive than to its negative, as `TripletEvaluator` of sentence-transformers, by
/// four similarities; the model's own is the primary figure.
public struct TripletEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// `triplet`
    public let task = "triplet"
    /// Anchors, positives and negatives.
    public let triplets: ExampleTable
    /// The triplets.
    public var table: ExampleTable? { triplets }

    /// Creates an evaluator of rows of three texts.
    ///
    /// - Throws: `EvaluationError.wrongData` when they are no such rows.
    public init(_ triplets: ExampleTable, name: String = "") throws(EvaluationError) {
        guard triplets.columnNames.count == 3, triplets.count > 0 else {
            throw .wrongData(path: triplets.name, needs: "rows of anchor, positive and negative")
        }
        self.triplets = triplets
        self.name = name
    }

    /// Four figures, such as `cosine_accuracy`.
    ///
    /// - Throws: `EmptyTextError` for a text without tokens.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        try triplets.requireTokens(of: model.tokenizer)
        let similarities = model.similarities(of: triplets, toFirst: [1, 2])
        let primary = model.settings.similarity
        let all = [primary] + SimilarityFunction.allCases.filter { $0 != primary }
        return Evaluation(
            all.map { similarity in
                TripletAccuracy.figure(
                    positive: similarities[0][similarity, default: []].map { Float($0) },
                    negative: similarities[1][similarity, default: []].map { Float($0) }
                ).prefixed("\(similarity)_")
            }, primary: "\(primary)_accuracy",
            predictions: Predictions(
                .aboveZero, gold: [Double](repeating: 1, count: triplets.count),
                predicted: zip(
                    similarities[0][primary, default: []], similarities[1][primary, default: []]
                ).map { Double(Float($0)) - Double(Float($1)) }))
    }
}

/// `triplet`: rows of anchor, positive and negative, and how often the positive is the closer one.
public struct TripletEvaluation: EvaluationKind {
    /// `triplet`
    public static let kind = "triplet"
    /// Rows of three texts.
    public static let request: ExampleRequest? = ExampleRequest(columns: 3...3, labels: .none)
    /// None.
    public static let settings: [Setting<TripletEvaluation>] = []
    /// Creates it.
    public init() {}

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw EvaluationError.missing(evaluation: name, key: "data") }
        return try TripletEvaluator(data, name: name)
    }
}
