/// What was found for one query where relevance has grades, as trec_eval (and so pytrec_eval, BEIR and MTEB).
///
/// A document of a grade above 0 is relevant, and its grade is its gain; one that was not judged has grade 0.
/// Equal scores are ranked by descending identifier, in the order of Unicode scalars. Where nothing is relevant
/// every figure is 0.
public enum GradedRetrieval {
    /// `ndcg`, `map` and `recip_rank` over all that was found, then for each cutoff k `ndcg_cut_k`, `P_k`,
    /// `recall_k` and `map_cut_k`.
    ///
    /// - Parameters:
    ///   - grades: The grades of the judged documents.
    ///   - scores: The scores of those found; a NaN is ranked last.
    ///   - cutoffs: The ranks, each at least 1.
    public static func figures(
        grades: [String: Int], scores: [String: Float], cutoffs: [Int] = [1, 3, 5, 10]
    ) -> [Figure] {
        let found = scores.keys.sorted { Array($1.utf8).lexicographicallyPrecedes(Array($0.utf8)) }
        let order = Ranking.best(found.count, of: found.map { scores[$0] ?? .nan })
        let gains = order.map { Double(max(0, grades[found[$0]] ?? 0)) }
        let ideal = grades.values.filter { $0 > 0 }.sorted(by: >).map(Double.init)
        func ndcg(_ k: Int) -> Double {
            ideal.isEmpty
                ? 0
                : Ranking.discountedGain(gains.prefix(k)) / Ranking.discountedGain(ideal.prefix(k))
        }
        func averagePrecision(_ k: Int) -> Double {
            var (relevant, sum) = (0, 0.0)
            for (rank, gain) in gains.prefix(k).enumerated() where gain > 0 {
                relevant += 1
                sum += Double(relevant) / Double(rank + 1)
            }
            return ideal.isEmpty ? 0 : sum / Double(ideal.count)
        }
        var figures = [
            Figure("ndcg", ndcg(.max)), Figure("map", averagePrecision(.max)),
            Figure("recip_rank", gains.firstIndex { $0 > 0 }.map { 1 / Double($0 + 1) } ?? 0),
        ]
        for k in cutoffs {
            let relevant = Double(gains.prefix(k).count { $0 > 0 })
            figures += [
                Figure("ndcg_cut_\(k)", ndcg(k)), Figure("P_\(k)", relevant / Double(k)),
                Figure("recall_\(k)", ideal.isEmpty ? 0 : relevant / Double(ideal.count)),
                Figure("map_cut_\(k)", averagePrecision(k)),
            ]
        }
        return figures
    }

    /// The mean of each figure over queries.
    public static func mean(_ queries: [[Figure]]) -> [Figure] {
        guard let first = queries.first else { return [] }
        return first.indices.map { i in
            Figure(
                first[i].name, EvaluationMetrics.mean(queries.map { $0[i].value }),
                first[i].direction)
        }
    }
}
