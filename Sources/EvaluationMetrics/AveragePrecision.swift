/// How well scores separate what is relevant from the rest.
public enum AveragePrecision {
    /// The mean of the precisions at every threshold, weighted by the recall that it adds, as scikit-learn's
    /// `average_precision_score`: equal scores are one threshold.
    ///
    /// 0 when nothing is relevant; NaN when a score is.
    public static func value(scores: [Float], isRelevant: [Bool]) -> Double {
        precondition(scores.count == isRelevant.count, "a label for every score")
        if scores.contains(where: \.isNaN) { return .nan }
        let relevant = isRelevant.count { $0 }
        guard relevant > 0 else { return 0 }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (found, before, sum) = (0, 0, 0.0)
        for (position, index) in order.enumerated() {
            if isRelevant[index] { found += 1 }
            if position + 1 < order.count, scores[order[position + 1]] == scores[index] { continue }
            sum += Double(found) / Double(position + 1) * Double(found - before)
            before = found
        }
        return sum / Double(relevant)
    }
}
