/// Why two series have no correlation.
public enum CorrelationError: Error, Equatable, CustomStringConvertible {
    /// The series differ in length.
    case lengthsDiffer(Int, Int)
    /// There are fewer than two pairs of values.
    case tooFewValues(Int)
    /// A value is NaN or infinite; `series` is 1 or 2.
    case notFinite(series: Int, index: Int)
    /// All values of a series are equal; `series` is 1 or 2.
    case constant(series: Int, value: Double)

    /// One sentence that says what is wrong and what it may mean.
    public var description: String {
        switch self {
        case .lengthsDiffer(let first, let second):
            "no correlation: the series have \(first) and \(second) values; they must be as long"
        case .tooFewValues(let count):
            "no correlation: it needs two or more pairs of values, there are \(count)"
        case .notFinite(let series, let index):
            "no correlation: value \(index) (from 0) of series \(series) is not a finite number; "
                + "look for the first bad loss or embedding"
        case .constant(let series, let value):
            "no correlation: all values of series \(series) are \(value); "
                + "a model that gives every pair the same score has collapsed"
        }
    }
}

/// Correlation coefficients in double precision, equal to scipy's.
public enum Correlation {
    /// Pearson's linear correlation, in -1...1.
    ///
    /// - Throws: `CorrelationError` where scipy would give NaN with a warning.
    public static func pearson(_ x: [Double], _ y: [Double]) throws(CorrelationError) -> Double {
        try check(x, y)
        let (dx, dy) = (centred(x), centred(y))
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for i in dx.indices {
            xx += dx[i] * dx[i]
            yy += dy[i] * dy[i]
            xy += dx[i] * dy[i]
        }
        return max(-1, min(1, xy / (xx.squareRoot() * yy.squareRoot())))
    }

    /// Spearman's rank correlation, in -1...1: Pearson's of the ranks, ties sharing their mean.
    ///
    /// - Throws: `CorrelationError` where scipy would give NaN with a warning.
    public static func spearman(_ x: [Double], _ y: [Double]) throws(CorrelationError) -> Double {
        try check(x, y)
        return try pearson(ranks(x), ranks(y))
    }

    /// The ranks of the values from 1; equal values share the mean of their ranks.
    ///
    /// The values must not include NaN.
    public static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            // Positions start..<end hold ranks start+1...end, whose mean is this.
            for position in start..<end { ranks[order[position]] = Double(start + 1 + end) / 2 }
            start = end
        }
        return ranks
    }

    private static func check(_ x: [Double], _ y: [Double]) throws(CorrelationError) {
        guard x.count == y.count else { throw .lengthsDiffer(x.count, y.count) }
        guard x.count >= 2 else { throw .tooFewValues(x.count) }
        for (series, values) in [x, y].enumerated() {
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(series: series + 1, index: index)
            }
            if values.allSatisfy({ $0 == values[0] }) {
                throw .constant(series: series + 1, value: values[0])
            }
        }
    }

    /// Deviations from the mean, scaled so that the largest is 1 and no square under- or overflows.
    private static func centred(_ values: [Double]) -> [Double] {
        // Halved first: a difference of two finite numbers may overflow, of their halves not.
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + $1 / 2 / count }
        let deviations = values.map { $0 / 2 - mean }
        let largest = deviations.reduce(0) { max($0, abs($1)) }
        return largest > 0 ? deviations.map { $0 / largest } : deviations
    }
}
