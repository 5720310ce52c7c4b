import ExampleFiles
import Foundation
import Kernels
import Losses
import Metrics
import Serialization
import Tensors

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
        return Evaluation(figures, undefined: undefined, primary: "spearman_\(primary)")
    }

    /// Every similarity of every pair, in the pairs' order.
    public func similarities(_ model: SentenceTransformer) -> [SimilarityFunction: [Double]] {
        let embeddings = model.encode(pairs.texts(ofColumn: 0) + pairs.texts(ofColumn: 1))
        let width = embeddings.shape[1]
        var scores: [SimilarityFunction: [Double]] = [:]
        embeddings.withSpan { values in
            for i in 0..<pairs.count {
                let (u, v) = (i * width, (pairs.count + i) * width)
                for similarity in SimilarityFunction.allCases {
                    scores[similarity, default: []].append(
                        similarity(
                            values.extracting(u..<u + width), values.extracting(v..<v + width)))
                }
            }
        }
        return scores
    }
}

extension ExampleTable {
    /// The texts of a column that has one in every row.
    func texts(ofColumn column: Int) -> [String] {
        (0..<count).map { text($0, column) ?? "" }
    }
}

/// Data that an evaluator cannot measure on.
public enum EvaluationError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// The data are not what the evaluator needs.
    case wrongData(path: String, needs: String)
    /// Nothing can correlate with scores that are all the same.
    case sameScores(path: String, count: Int)
    /// The classes of the data are not those of the classifier.
    case otherClasses(path: String, found: [String], classifier: [String])
    /// There is no classifier to measure.
    case noClassifier(task: String?)
    /// There is no evaluator of this kind.
    case unknownKind(name: String, suggestion: String?, known: [String])

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .wrongData(let path, let needs): "\(path): the evaluation needs \(needs)"
        case .sameScores(let path, let count):
            "\(path): no correlation can be measured on \(count == 1 ? "one pair" : "\(count) pairs of the same score"); give pairs of different scores"
        case .otherClasses(let path, let found, let classifier):
            "\(path): its classes are \(found.joined(separator: ", ")), but the classifier's are \(classifier.joined(separator: ", "))"
        case .noClassifier(let task):
            "\(task.map { "the loss of the task \($0)" } ?? "the model's loss") has no classifier: accuracy can be measured after training with the softmax loss"
        case .unknownKind(let name, let suggestion, let known):
            "there is no evaluation '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
