import Support

/// How sure the change of a figure is (Efron and Tibshirani 1993): the rows of a test are drawn anew, with repetition,
/// and both models are measured on the same ones.
public enum PairedBootstrap {
    /// Draws for a test of usual size; fewer for a large one, whose interval they settle as well.
    private static let draws = 1000

    /// The middle 95 % of the changes from one model to another over the draws; the same in every call.
    ///
    /// Nil when the predictions are not of the same rows, when there are fewer than 10 of them or one is not a number,
    /// and when the figure is undefined for half of the draws.
    public static func interval(
        from before: Predictions, to after: Predictions
    ) -> ClosedRange<Double>? {
        guard before.measure == after.measure, before.gold == after.gold, before.count >= 10,
            (before.predicted + after.predicted).allSatisfy(\.isFinite)
        else { return nil }
        let rows = before.count
        let draws = max(200, min(Self.draws, 20_000_000 / rows))
        let models = (RepeatedRows(before), RepeatedRows(after))
        var generator = SplitMix64(seed: 0)
        var changes: [Double] = []
        for _ in 0..<draws {
            var counts = [Int](repeating: 0, count: rows)
            for _ in 0..<rows { counts[generator.below(rows)] += 1 }
            let change = models.1.figure(counts) - models.0.figure(counts)
            if change.isFinite { changes.append(change) }
        }
        guard 2 * changes.count >= draws else { return nil }
        changes.sort()
        let last = Double(changes.count - 1)
        return changes[
            Int((0.025 * last).rounded(.down))]...changes[
                Int((0.975 * last).rounded(.up))]
    }
}
