import Kernels
import Tensors

/// Correlation of the embeddings' similarity with gold scores.
///
/// Cosine, dot product and the negated Euclidean and Manhattan distances, each by Spearman (the primary
/// figure is the cosine's) and Pearson.
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

    /// How similar two embeddings are; larger is more similar.
    public enum Similarity: String, CaseIterable, Sendable {
        /// The cosine of the angle.
        case cosine
        /// The dot product.
        case dot
        /// The negated Euclidean distance.
        case euclidean
        /// The negated sum of absolute differences.
        case manhattan
    }

    /// Eight figures, such as `spearman_cosine`, which is the primary one.
    ///
    /// - Throws: `PairFileError` for a sentence without tokens.
    public func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        try pairs.requireTokens(of: model.tokenizer)
        return evaluation(of: similarities(model))
    }

    /// The figures of similarities that were computed before.
    public func evaluation(of scores: [Similarity: [Double]]) -> Evaluation {
        let gold = pairs.map { Double($0.label) }
        var figures: [(name: String, value: Double)] = []
        var undefined: [(names: [String], reason: String)] = []
        for similarity in Similarity.allCases {
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
        return Evaluation(figures, undefined: undefined, primary: "spearman_cosine")
    }

    /// Every similarity of every pair, in the pairs' order.
    public func similarities(_ model: SentenceTransformer) -> [Similarity: [Double]] {
        let sentences = pairs.map(\.first) + pairs.map(\.second)
        let embeddings = model.encode(sentences, tokensPerBatch: tokensPerBatch)
        let width = embeddings.shape[1]
        var scores: [Similarity: [Double]] = [:]
        embeddings.withSpan { values in
            for i in 0..<pairs.count {
                let (u, v) = (i * width, (pairs.count + i) * width)
                var (dot, squareU, squareV, squares, absolutes) = (0.0, 0.0, 0.0, 0.0, 0.0)
                for k in 0..<width {
                    let (a, b) = (Double(values[u + k]), Double(values[v + k]))
                    dot += a * b
                    squareU += a * a
                    squareV += b * b
                    squares += (a - b) * (a - b)
                    absolutes += abs(a - b)
                }
                let norms = max(squareU.squareRoot(), 1e-12) * max(squareV.squareRoot(), 1e-12)
                scores[.cosine, default: []].append(dot / norms)
                scores[.dot, default: []].append(dot)
                scores[.euclidean, default: []].append(-squares.squareRoot())
                scores[.manhattan, default: []].append(-absolutes)
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
