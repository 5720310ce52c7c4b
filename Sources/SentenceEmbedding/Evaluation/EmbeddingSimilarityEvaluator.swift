import Kernels
import Metrics
import Serialization
import Tensors

/// Correlation of the embeddings' similarity with gold scores.
///
/// Cosine, dot product and the negated Euclidean and Manhattan distances, each by Spearman and Pearson. The model's
/// own similarity comes first, and its Spearman correlation is the primary figure.
public struct EmbeddingSimilarityEvaluator: Evaluator {
    /// The pairs and their gold scores.
    public let pairs: PairDataset<Float>
    /// Tokens computed at a time.
    public let tokensPerBatch: Int

    /// Creates an evaluator.
    ///
    /// - Throws: `EvaluationError` when no model can correlate with the scores.
    public init(
        _ pairs: PairDataset<Float>, tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) throws(EvaluationError) {
        guard let score = pairs.first?.label, pairs.contains(where: { $0.label != score }) else {
            throw EvaluationError(path: pairs.name, count: pairs.count)
        }
        self.pairs = pairs
        self.tokensPerBatch = tokensPerBatch
    }

    /// Eight figures, such as `spearman_cosine`.
    ///
    /// - Throws: `PairFileError` for a sentence without tokens.
    public func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        try pairs.requireTokens(of: model.tokenizer)
        return evaluation(of: similarities(model), primary: model.settings.similarity)
    }

    /// The figures of similarities that were computed before, those of the `primary` one first.
    public func evaluation(
        of scores: [SimilarityFunction: [Double]], primary: SimilarityFunction
    ) -> Evaluation {
        let gold = pairs.map { Double($0.label) }
        var figures: [(name: String, value: Double)] = []
        var undefined: [(names: [String], reason: String)] = []
        for similarity in [primary] + SimilarityFunction.allCases.filter({ $0 != primary }) {
            let predicted = scores[similarity, default: []]
            for (kind, coefficient) in [
                ("spearman", Correlation.spearman), ("pearson", Correlation.pearson),
            ] {
                let name = "\(kind)_\(similarity)"
                do throws(CorrelationError) {
                    figures.append((name, try coefficient(predicted, gold)))
                } catch {
                    figures.append((name, .nan))
                    undefined.append(([name], "\(error)"))
                }
            }
        }
        return Evaluation(figures, undefined: undefined, primary: "spearman_\(primary)")
    }

    /// Every similarity of every pair, in the pairs' order.
    public func similarities(_ model: SentenceTransformer) -> [SimilarityFunction: [Double]] {
        let sentences = pairs.map(\.first) + pairs.map(\.second)
        let embeddings = model.encode(sentences, tokensPerBatch: tokensPerBatch)
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

/// Scored pairs that nothing can correlate with.
public struct EvaluationError: Error, Equatable, CustomStringConvertible {
    /// Where the pairs came from.
    public let path: String
    /// How many there are.
    public let count: Int

    /// What is wrong and what to do.
    public var description: String {
        "\(path): no correlation can be measured on \(count == 1 ? "one pair" : "\(count) pairs of the same score"); give pairs of different scores"
    }
}
