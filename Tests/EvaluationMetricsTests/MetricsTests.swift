import Testing

@testable import EvaluationMetrics

/// Ties, NaN, and sets of nothing.
@Suite struct MetricsTests {
    @Test func rankingsBreakTiesAndPutNaNLast() {
        let scores: [Float] = [1, .nan, 3, 1, -.infinity, 3]
        let order = [2, 5, 0, 3, 4, 1]
        for count in 0...8 {
            #expect(Ranking.best(count, of: scores) == Array(order.prefix(count)))
        }
        #expect(
            Ranking.best(4, of: scores, tieRanks: [5, 4, 3, 2, 1, 0]) == [5, 2, 3, 0])
        #expect(Ranking.tieRanks(["d10", "d9", "é", "d1", "d10"]) == [1, 3, 4, 0, 2])
        // The few best of many are those of the whole order.
        let many = (0..<500).map { Float(($0 * 7919) % 101) }
        let all = many.indices.sorted { (-many[$0], $0) < (-many[$1], $1) }
        for count in [1, 2, 10, 499] {
            #expect(Ranking.best(count, of: many) == Array(all.prefix(count)))
        }
    }

    @Test func averagePrecisionTakesEqualScoresTogether() {
        func value(_ scores: [Float], _ relevant: [Bool]) -> Double {
            AveragePrecision.value(scores: scores, isRelevant: relevant)
        }
        #expect(value([1, 1, 1, 1], [true, false, false, false]) == 0.25)
        #expect(value([3, 2, 2, 1], [false, true, false, true]) == (1.0 / 3 + 2.0 / 4) / 2)
        #expect(value([1, 2], [false, false]) == 0)
        #expect(value([.nan, 2], [true, false]).isNaN)
    }

    @Test func thresholdsNeverSplitEqualScores() {
        // A middle that single precision rounds to one of the two scores.
        let close: [Float] = [1, Float(1).nextUp]
        for labels in [[false, true], [true, false]] {
            let figures = BinaryClassification.figures(scores: close, labels: labels)
            let threshold = figures[3].value
            let predicted = close.map { Double($0) >= threshold }
            #expect(predicted == (labels == [false, true] ? labels : [true, true]))
        }
        let tied = BinaryClassification.figures(scores: [2, 2, 1], labels: [true, false, false])
        #expect(tied.map { $0.name }.contains("accuracy") && tied[0].value == 2.0 / 3)
        #expect(tied[1].direction == .information && tied[0].direction == .higher)
        for figures in [
            BinaryClassification.figures(scores: [.nan, 1], labels: [true, false]),
            BinaryClassification.figures(scores: [], labels: []),
        ] { #expect(figures.allSatisfy { $0.value.isNaN }) }
    }

    @Test func matthewsOfConstantsIsZero() {
        #expect(BinaryClassification.matthews([true, true], [true, false]) == 0)
        #expect(BinaryClassification.matthews([true, false], [true, false]) == 1)
        #expect(BinaryClassification.matthews([false, true], [true, false]) == -1)
    }

    @Test func rowsWithNaNArePredictedNothing() {
        let predictions = Classification.predictions([1, 3, 3, 0, .nan, 9], classes: 3)
        #expect(predictions == [1, nil])
        #expect(Classification.accuracy(predictions, [1, 2]).value == 0.5)
        #expect(Classification.accuracy([], []).value.isNaN)
        #expect(Classification.f1([], []).allSatisfy { $0.value.isNaN })
    }

    @Test func queriesOfNothingAreNoQueries() {
        var metrics = RetrievalMetrics()
        metrics.add([false, true], relevantCount: 0)
        #expect(metrics.count == 0 && metrics.figures.allSatisfy { $0.value.isNaN })
        metrics.add([], relevantCount: 3)
        #expect(metrics.count == 1 && metrics.figures.allSatisfy { $0.value == 0 })
        #expect(metrics.depth == 100)
    }

    @Test func equalScoresShareTheirGain() {
        var metrics = RerankingMetrics(at: 1)
        metrics.add(scores: [1, 1], isRelevant: [true, false])
        #expect(metrics.figures.map { $0.value } == [0.5, 1, 0.5])
        var strict = RerankingMetrics(at: 1)
        strict.add(scores: [1, 1], isRelevant: [true, false], irrelevantFirst: true)
        #expect(strict.figures.map { $0.value } == [0.5, 0, 0.5])
        strict.addMissed()
        #expect(strict.figures.map { $0.value } == [0.25, 0, 0.25])
        strict.add(scores: [.nan, 1], isRelevant: [true, false])
        #expect(strict.figures.allSatisfy { $0.value.isNaN })
    }

    @Test func translationsWithNaNAreWrong() {
        let figures = TranslationAccuracy.figures(
            source: [1, 0, .nan, 0, 0, 1], target: [1, 0, 0, 1, 0, 1], width: 2,
            sourceTexts: ["a", "b", "c"], targetTexts: ["A", "B", "C"])
        #expect(figures.map { $0.name }.first == "src2trg_accuracy")
        // c finds B, which is as close as C and stands before it; every target has a NaN among its
        // similarities.
        #expect(figures[0].value == 1.0 / 3 && figures[1].value == 0)
        let same = TranslationAccuracy.figures(
            source: [1, 0, 0, 1], target: [1, 0, 0, 1], width: 2, sourceTexts: ["a", "b"],
            targetTexts: ["A", "B"])
        #expect(same.map { $0.value } == [1, 1, 1])
    }

    @Test func theBestOfGroupsFollowsTheDirection() {
        let groups = [
            [
                Figure("a", 1), Figure("b", .nan), Figure("c", 3, .lower),
                Figure("d", 1, .information),
            ],
            [Figure("a", 2), Figure("b", 1), Figure("c", 4, .lower), Figure("d", 5, .information)],
        ]
        let best = Figure.best(of: groups)
        #expect(best[0] == Figure("a", 2) && best[1].value.isNaN)
        #expect(best[2] == Figure("c", 3, .lower) && best[3] == Figure("d", 5, .information))
        #expect(Figure.best(of: []).isEmpty)
    }

    @Test func minedPairsStandOnce() {
        // Three directions, the first twice.
        let pairs = PairMining.pairs([1, 0, 0, 1, 2, 0, -1, 0], width: 2, neighbours: 1)
        #expect(pairs.first == PairMining.Pair(score: 1, first: 0, second: 2))
        #expect(Set(pairs.map { $0.first * 4 + $0.second }).count == pairs.count)
        #expect(PairMining.pairs([], width: 2).isEmpty)
        let closure = PairMining.closure(of: [(4, 2), (2, 7), (1, 3)])
        #expect(closure.map { [$0.0, $0.1] } == [[1, 3], [2, 4], [2, 7], [4, 7]])
        #expect(PairMining.figures([(0.5, true)], duplicates: 0).allSatisfy { $0.value == 0 })
    }
}
