/// How well documents were found, over queries, as `InformationRetrievalEvaluator`.
///
/// `add` takes what was found for a query in rank order. The evaluator ranks by score and breaks ties by
/// ascending document identifier: `Ranking.best(_:of:tieRanks:)` with `Ranking.tieRanks(_:)`.
public struct RetrievalMetrics: Sendable {
    /// The ranks k of `accuracy@k`: whether a relevant document is among the first k.
    public let accuracyAt: [Int]
    /// The ranks of `precision@k` and `recall@k`: the shares of the first k that are relevant, and of the
    /// relevant among them.
    public let precisionRecallAt: [Int]
    /// The ranks of `ndcg@k`: the discounted gain over that of the ideal order.
    public let ndcgAt: [Int]
    /// The ranks of `mrr@k`: 1 / the rank of the first relevant document, or 0.
    public let mrrAt: [Int]
    /// The ranks of `map@k`: the mean precision at the relevant ones, out of those that there could be.
    public let mapAt: [Int]
    private var sums: [[Double]]
    /// The queries that were added.
    public private(set) var count = 0

    /// Creates metrics with the ranks that sentence-transformers has by default.
    public init(
        accuracyAt: [Int] = [1, 3, 5, 10], precisionRecallAt: [Int] = [1, 3, 5, 10],
        ndcgAt: [Int] = [10], mrrAt: [Int] = [10], mapAt: [Int] = [100]
    ) {
        precondition(
            (accuracyAt + precisionRecallAt + ndcgAt + mrrAt + mapAt).allSatisfy { $0 > 0 },
            "ranks begin with 1")
        self.accuracyAt = accuracyAt
        self.precisionRecallAt = precisionRecallAt
        self.ndcgAt = ndcgAt
        self.mrrAt = mrrAt
        self.mapAt = mapAt
        sums = [accuracyAt, precisionRecallAt, precisionRecallAt, ndcgAt, mrrAt, mapAt]
            .map { Array(repeating: 0, count: $0.count) }
    }

    /// The largest rank that is looked at: no more need be found.
    public var depth: Int {
        (accuracyAt + precisionRecallAt + ndcgAt + mrrAt + mapAt).max() ?? 0
    }

    /// Adds a query: whether each document that was found is relevant, in rank order, and how many relevant
    /// ones there are, found or not.
    ///
    /// A query without relevant documents is left out, as nothing can be found for it.
    public mutating func add(_ isRelevant: [Bool], relevantCount: Int) {
        guard relevantCount > 0 else { return }
        count += 1
        let first = isRelevant.firstIndex(of: true)
        for (i, k) in accuracyAt.enumerated() where first.map({ $0 < k }) ?? false {
            sums[0][i] += 1
        }
        for (i, k) in precisionRecallAt.enumerated() {
            let found = Double(isRelevant.prefix(k).count { $0 })
            sums[1][i] += found / Double(k)
            sums[2][i] += found / Double(relevantCount)
        }
        for (i, k) in ndcgAt.enumerated() {
            let ideal = repeatElement(1.0, count: min(k, relevantCount))
            sums[3][i] +=
                Ranking.discountedGain(isRelevant.prefix(k).map { $0 ? 1 : 0 })
                / Ranking.discountedGain(ideal)
        }
        for (i, k) in mrrAt.enumerated() {
            if let first, first < k { sums[4][i] += 1 / Double(first + 1) }
        }
        for (i, k) in mapAt.enumerated() {
            var (found, precisions) = (0, 0.0)
            for (rank, isRelevant) in isRelevant.prefix(k).enumerated() where isRelevant {
                found += 1
                precisions += Double(found) / Double(rank + 1)
            }
            sums[5][i] += precisions / Double(min(k, relevantCount))
        }
    }

    /// The means over the queries, NaN when there were none: `accuracy@k`, `precision@k`, `recall@k`, `ndcg@k`,
    /// `mrr@k`, `map@k`.
    public var figures: [Figure] {
        let names = ["accuracy", "precision", "recall", "ndcg", "mrr", "map"]
        let ranks = [accuracyAt, precisionRecallAt, precisionRecallAt, ndcgAt, mrrAt, mapAt]
        return names.indices.flatMap { kind in
            ranks[kind].enumerated().map { i, k in
                Figure("\(names[kind])@\(k)", count == 0 ? .nan : sums[kind][i] / Double(count))
            }
        }
    }
}
