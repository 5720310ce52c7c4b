/// How well scores order a query's candidates, over queries, as `RerankingEvaluator`.
public struct RerankingMetrics: Sendable {
    /// The rank k of `mrr@k` and `ndcg@k`.
    public let k: Int
    private var precisions: [Double] = []
    private var reciprocals: [Double] = []
    private var gains: [Double] = []

    /// Creates metrics that look at the first `k` of each query's candidates.
    public init(at k: Int = 10) {
        precondition(k > 0, "ranks begin with 1")
        self.k = k
    }

    /// The queries that were added.
    public var count: Int { precisions.count }

    /// Adds a query: a score for each candidate, and whether it is relevant.
    ///
    /// Of equal scores the earlier candidate comes first for `mrr`, as in sentence-transformers, or with
    /// `irrelevantFirst` those that are not relevant, so that the order of the candidates is of no account
    /// (cross-encoders are ranked there in an order that numpy leaves open). Average precision takes equal
    /// scores as one rank, and the discounted gain as the mean of all their orders, as scikit-learn does. A NaN
    /// makes the query's figures NaN. sentence-transformers leaves out queries that have no relevant candidate,
    /// or none that is not.
    public mutating func add(
        scores: [Float], isRelevant: [Bool], irrelevantFirst: Bool = false
    ) {
        precondition(scores.count == isRelevant.count, "a label for every score")
        precisions.append(AveragePrecision.value(scores: scores, isRelevant: isRelevant))
        guard !scores.contains(where: \.isNaN) else {
            reciprocals.append(.nan)
            gains.append(.nan)
            return
        }
        let order = Ranking.best(
            scores.count, of: scores,
            tieRanks: irrelevantFirst ? isRelevant.map { $0 ? 1 : 0 } : nil)
        let first = order.prefix(k).firstIndex { isRelevant[$0] }
        reciprocals.append(first.map { 1 / Double($0 + 1) } ?? 0)
        gains.append(gain(order, scores, isRelevant))
    }

    /// Adds a query whose relevant documents are not among its candidates: it counts as 0.
    public mutating func addMissed() {
        precisions.append(0)
        reciprocals.append(0)
        gains.append(0)
    }

    /// The discounted gain of the first k over the ideal one; each of some equal scores gains their mean.
    private func gain(_ order: [Int], _ scores: [Float], _ isRelevant: [Bool]) -> Double {
        var gain = 0.0
        var start = 0
        while start < min(k, order.count) {
            var end = start + 1
            while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
            let relevant = Double(order[start..<end].count { isRelevant[$0] })
            let discounts = (start..<min(end, k)).reduce(0) { $0 + Ranking.discount($1) }
            gain += relevant / Double(end - start) * discounts
            start = end
        }
        let ideal = repeatElement(1.0, count: min(k, isRelevant.count { $0 }))
        return ideal.isEmpty ? 0 : gain / Ranking.discountedGain(ideal)
    }

    /// The means over the queries, NaN when there were none: `map`, `mrr@k`, `ndcg@k`.
    public var figures: [Figure] {
        [
            Figure("map", mean(precisions)), Figure("mrr@\(k)", mean(reciprocals)),
            Figure("ndcg@\(k)", mean(gains)),
        ]
    }
}
