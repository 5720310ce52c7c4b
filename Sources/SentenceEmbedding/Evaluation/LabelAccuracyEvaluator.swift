import Tensors

/// The share of pairs whose most likely class is the gold one, by the classifier of a `SoftmaxLoss`.
public struct LabelAccuracyEvaluator: Evaluator {
    private let pairs: PairDataset<Int32>
    private let loss: SoftmaxLoss
    private let tokensPerBatch: Int

    /// Creates an evaluator that uses the loss's classifier as it is at the time.
    public init(
        _ pairs: PairDataset<Int32>, loss: SoftmaxLoss,
        tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) {
        self.pairs = pairs
        self.loss = loss
        self.tokensPerBatch = tokensPerBatch
    }

    /// One figure, `accuracy`, in 0...1; undefined when a class has a score that is not finite.
    ///
    /// - Throws: `PairFileError` for a sentence without tokens.
    public func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        try pairs.requireTokens(of: model.tokenizer)
        let classes = predictions(model)
        if let pair = classes.firstIndex(of: nil) {
            let reason =
                "the classifier's scores of pair \(pair) (from 0) are not finite numbers; the weights are damaged, or training diverged"
            return Evaluation(
                [("accuracy", .nan)], undefined: [(["accuracy"], reason)], primary: "accuracy")
        }
        let right = zip(classes, pairs).count { $0 == $1.label }
        return Evaluation([("accuracy", Double(right) / Double(pairs.count))], primary: "accuracy")
    }

    /// The most likely class of every pair; nil where the scores are not finite.
    public func predictions(_ model: SentenceTransformer) -> [Int32?] {
        let embeddings = model.encode(
            pairs.map(\.first) + pairs.map(\.second), tokensPerBatch: tokensPerBatch)
        let logits = loss.logits(
            embeddings.slice(0..<pairs.count), embeddings.slice(pairs.count..<2 * pairs.count))
        let classes = logits.shape[1]
        let values = logits.values
        return (0..<pairs.count).map { pair in
            let row = values[pair * classes..<(pair + 1) * classes]
            guard row.allSatisfy(\.isFinite) else { return nil }
            return Int32((row.indices.max { row[$0] < row[$1] } ?? row.startIndex) - row.startIndex)
        }
    }
}
