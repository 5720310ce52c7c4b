/// What a model made of each row of a test, and how its main figure comes from that.
public struct Predictions: Sendable, Equatable {
    /// How a figure is computed from rows.
    public enum Measure: String, Sendable {
        /// Spearman's correlation of predictions and truth.
        case spearman
        /// Average precision, where the truth is 1 or 0.
        case averagePrecision = "average_precision"
        /// The share of rows whose prediction is the truth.
        case accuracy
        /// The share of rows whose prediction is above 0; there is no other truth.
        case aboveZero = "above_zero"
    }

    /// How the figure is computed.
    public let measure: Measure
    /// The truth of each row: a score, 1 or 0, or the number of a class.
    public let gold: [Double]
    /// The prediction for each row: a similarity, or the number of a class, -1 for none.
    public let predicted: [Double]

    /// Creates predictions, one for each truth.
    public init(_ measure: Measure, gold: [Double], predicted: [Double]) {
        precondition(gold.count == predicted.count, "a prediction for every row")
        self.measure = measure
        self.gold = gold
        self.predicted = predicted
    }

    /// The number of rows.
    public var count: Int { gold.count }
}

/// The figure of rows that are each there any number of times; what does not depend on the numbers is computed once.
struct RepeatedRows {
    private let predictions: Predictions
    private let gold: RankedValues
    private let predicted: RankedValues

    init(_ predictions: Predictions) {
        self.predictions = predictions
        let isRanked = [.spearman, .averagePrecision].contains(predictions.measure)
        gold = RankedValues(predictions.measure == .spearman ? predictions.gold : [])
        predicted = RankedValues(isRanked ? predictions.predicted : [])
    }

    /// The figure when row `i` is there `counts[i]` times; NaN when it is undefined.
    func figure(_ counts: [Int]) -> Double {
        switch predictions.measure {
        case .spearman: spearman(counts)
        case .averagePrecision: averagePrecision(counts)
        case .accuracy: share(counts) { predictions.predicted[$0] == predictions.gold[$0] }
        case .aboveZero: share(counts) { predictions.predicted[$0] > 0 }
        }
    }

    private func share(_ counts: [Int], _ isRight: (Int) -> Bool) -> Double {
        var (right, all) = (0, 0)
        for i in counts.indices {
            all += counts[i]
            if isRight(i) { right += counts[i] }
        }
        return Double(right) / Double(all)
    }

    private func spearman(_ counts: [Int]) -> Double {
        let (x, y) = (predicted.ranks(counts), gold.ranks(counts))
        let middle = Double(counts.reduce(0, +) + 1) / 2
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for i in counts.indices where counts[i] > 0 {
            let (count, dx, dy) = (Double(counts[i]), x[i] - middle, y[i] - middle)
            xx += count * dx * dx
            yy += count * dy * dy
            xy += count * dx * dy
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : .nan
    }

    private func averagePrecision(_ counts: [Int]) -> Double {
        var (found, seen, sum) = (0, 0, 0.0)
        for group in predicted.groups.reversed() {
            let before = found
            for i in group {
                seen += counts[i]
                if predictions.gold[i] == 1 { found += counts[i] }
            }
            if seen > 0 { sum += Double(found) / Double(seen) * Double(found - before) }
        }
        return found > 0 ? sum / Double(found) : .nan
    }
}

/// The order of some values, equal ones together.
private struct RankedValues {
    /// The indices of the values in rising order; those of equal values form a group.
    let groups: [[Int]]

    init(_ values: [Double]) {
        var groups: [[Int]] = []
        for i in values.indices.sorted(by: { values[$0] < values[$1] }) {
            if let last = groups.last, values[last[0]] == values[i] {
                groups[groups.count - 1].append(i)
            } else {
                groups.append([i])
            }
        }
        self.groups = groups
    }

    /// The rank of each value from 1 when value `i` is there `counts[i]` times, the mean of equal ones' ranks.
    func ranks(_ counts: [Int]) -> [Double] {
        var (ranks, before) = ([Double](repeating: 0, count: counts.count), 0)
        for group in groups {
            var own = 0
            for i in group { own += counts[i] }
            let rank = Double(before) + Double(own + 1) / 2
            for i in group { ranks[i] = rank }
            before += own
        }
        return ranks
    }
}
