import Testing

@testable import EvaluationMetrics

@Suite struct PairedBootstrapTests {
    private let gold = (0..<40).map { Double($0 % 7) / 6 }
    /// Something that has a little to do with the truth; the larger the share, the more.
    private func noisy(_ share: Double, seed: Int) -> [Double] {
        gold.indices.map { i in
            share * gold[i] + (1 - share) * Double((i * 37 + seed * 11) % 41) / 41
        }
    }

    private func figure(_ predictions: Predictions, _ counts: [Int]? = nil) -> Double {
        RepeatedRows(predictions).figure(counts ?? gold.map { _ in 1 })
    }

    /// Rows that are there once give the usual figure, and repeated ones that of a table that repeats them.
    @Test func theFiguresAreTheUsualOnes() throws {
        let predicted = noisy(0.5, seed: 1)
        let scores = Predictions(.spearman, gold: gold, predicted: predicted)
        #expect(try abs(figure(scores) - Correlation.spearman(predicted, gold)) < 1e-12)
        let counts = gold.indices.map { $0 % 3 }
        func repeated(_ values: [Double]) -> [Double] {
            zip(values, counts).flatMap { [Double](repeating: $0, count: $1) }
        }
        let expected = try Correlation.spearman(repeated(predicted), repeated(gold))
        #expect(abs(figure(scores, counts) - expected) < 1e-12)

        let labels = gold.map { $0 > 0.5 ? 1.0 : 0 }
        let binary = Predictions(.averagePrecision, gold: labels, predicted: predicted)
        let precision = AveragePrecision.value(
            scores: repeated(predicted).map { Float($0) },
            isRelevant: repeated(labels).map { $0 == 1 })
        #expect(abs(figure(binary, counts) - precision) < 1e-12)

        let right = Predictions(.accuracy, gold: [0, 1, 2, 1], predicted: [0, 2, 2, -1])
        #expect(RepeatedRows(right).figure([1, 1, 1, 1]) == 0.5)
        #expect(RepeatedRows(right).figure([3, 0, 0, 1]) == 0.75)
        let margins = Predictions(.aboveZero, gold: [1, 1, 1], predicted: [0.5, 0, -1])
        #expect(RepeatedRows(margins).figure([2, 1, 1]) == 0.5)
    }

    @Test func aClearChangeExcludesZero() throws {
        let before = Predictions(.spearman, gold: gold, predicted: noisy(0.1, seed: 1))
        let after = Predictions(.spearman, gold: gold, predicted: noisy(0.9, seed: 2))
        let interval = try #require(PairedBootstrap.interval(from: before, to: after))
        #expect(interval.lowerBound > 0)
        #expect(interval.contains(figure(after) - figure(before)))
        #expect(PairedBootstrap.interval(from: before, to: after) == interval)
        let back = try #require(PairedBootstrap.interval(from: after, to: before))
        #expect(back.upperBound < 0)
        #expect(PairedBootstrap.interval(from: before, to: before) == 0...0)
    }

    @Test func whatCannotBeComparedHasNoInterval() {
        let some = Predictions(.spearman, gold: gold, predicted: noisy(0.5, seed: 1))
        let few = Predictions(.spearman, gold: [0, 1, 0.5], predicted: [0, 1, 0.5])
        #expect(PairedBootstrap.interval(from: few, to: few) == nil)
        #expect(PairedBootstrap.interval(from: some, to: few) == nil)
        let broken = Predictions(
            .spearman, gold: gold, predicted: gold.map { $0 == 0 ? .nan : $0 })
        #expect(PairedBootstrap.interval(from: some, to: broken) == nil)
        let constant = Predictions(.spearman, gold: gold, predicted: gold.map { _ in 1 })
        #expect(PairedBootstrap.interval(from: some, to: constant) == nil)
    }
}
