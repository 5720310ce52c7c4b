import EvaluationMetrics
import ExampleFiles
import Losses
import ModelFolders
import Serialization
import Settings

/// Correlation of the embeddings' similarity with gold scores.
///
/// Cosine, dot product and the negated Euclidean and Manhattan distances, each by Spearman and Pearson. The model's
/// own similarity comes first, and its Spearman correlation is the primary figure.
public struct EmbeddingSimilarityEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// The pairs and their gold scores.
    public let pairs: ExampleTable
    /// `semantic-similarity`
    public let task = "semantic-similarity"
    /// The pairs.
    public var table: ExampleTable? { pairs }
    private let gold: [Double]

    /// Creates an evaluator of pairs with scores.
    ///
    /// - Throws: `EvaluationError` when they are no such pairs, or no model can correlate with the scores.
    public init(_ pairs: ExampleTable, name: String = "") throws(EvaluationError) {
        guard case .scores(let scores) = pairs.labels, pairs.columnNames.count == 2 else {
            throw .wrongData(path: pairs.name, needs: "pairs of texts with scores")
        }
        guard let first = scores.first, scores.contains(where: { $0 != first }) else {
            throw .sameScores(path: pairs.name, count: pairs.count)
        }
        self.pairs = pairs
        self.name = name
        gold = scores.map(Double.init)
    }

    /// Eight figures, such as `spearman_cosine`.
    ///
    /// - Throws: `EmptyTextError` for a text without tokens.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        try pairs.requireTokens(of: model.tokenizer)
        return evaluation(of: similarities(model), primary: model.settings.similarity)
    }

    /// The figures of similarities that were computed before, those of the `primary` one first.
    public func evaluation(
        of scores: [SimilarityFunction: [Double]], primary: SimilarityFunction
    ) -> Evaluation {
        var figures: [Figure] = []
        var undefined: [Evaluation.Undefined] = []
        for similarity in [primary] + SimilarityFunction.allCases.filter({ $0 != primary }) {
            let predicted = scores[similarity, default: []]
            for (kind, coefficient) in [
                ("spearman", Correlation.spearman), ("pearson", Correlation.pearson),
            ] {
                let name = "\(kind)_\(similarity)"
                do throws(CorrelationError) {
                    figures.append(Figure(name, try coefficient(predicted, gold)))
                } catch {
                    figures.append(Figure(name, .nan))
                    undefined.append(Evaluation.Undefined([name], "\(error)"))
                }
            }
        }
        return Evaluation(
            figures, undefined: undefined, primary: "spearman_\(primary)",
            predictions: scores[primary].map {
                Predictions(.spearman, gold: gold, predicted: $0)
            })
    }

    /// Every similarity of every pair, in the pairs' order.
    public func similarities(_ model: SentenceTransformer) -> [SimilarityFunction: [Double]] {
        model.similarities(of: pairs)
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
        guard let data else { throw EvaluationError.missing(evaluation: name, key: "data") }
        return try EmbeddingSimilarityEvaluator(data, name: name)
    }
}
