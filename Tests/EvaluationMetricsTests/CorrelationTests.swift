import Foundation
import TestSupport
import Testing

@testable import EvaluationMetrics

@Suite struct CorrelationTests {
    struct Case: Decodable {
        let a: [Double]
        let b: [Double]
        let spearman: Double
        let pearson: Double
    }

    @Test func equalsScipy() throws {
        guard let data = try GoldenFolder.contents(of: "metrics.json") else { return }
        let cases = try JSONDecoder().decode([Case].self, from: data)
        #expect(cases.count >= 6)
        for item in cases {
            #expect(abs(try Correlation.spearman(item.a, item.b) - item.spearman) < 1e-12)
            #expect(abs(try Correlation.pearson(item.a, item.b) - item.pearson) < 1e-12)
        }
    }

    @Test func ranksShareTheirMeanOverTies() throws {
        #expect(Correlation.ranks([30, 10, 20, 20]) == [4, 1, 2.5, 2.5])
        #expect(Correlation.ranks([]) == [])
        #expect(abs(try Correlation.spearman([1, 2, 2, 3], [1, 2, 3, 3]) - 5.0 / 6) < 1e-12)
    }

    @Test func extremeValuesKeepTheirCorrelation() throws {
        #expect(abs(try Correlation.pearson([1e-200, 2e-200, 3e-200], [1, 2, 3]) - 1) < 1e-12)
        #expect(abs(try Correlation.pearson([-1.7e308, 0, 1.7e308], [1, 2, 3]) - 1) < 1e-12)
    }

    @Test func seriesWithoutCorrelationAreErrors() {
        #expect(throws: CorrelationError.constant(series: 2, value: 0.5)) {
            try Correlation.spearman([1, 2, 3], [0.5, 0.5, 0.5])
        }
        #expect(throws: CorrelationError.notFinite(series: 1, index: 1)) {
            try Correlation.spearman([1, .nan, 3], [1, 2, 3])
        }
        #expect(throws: CorrelationError.tooFewValues(1)) { try Correlation.pearson([1], [2]) }
        #expect(throws: CorrelationError.tooFewValues(0)) { try Correlation.spearman([], []) }
        #expect(throws: CorrelationError.lengthsDiffer(2, 3)) {
            try Correlation.pearson([1, 2], [1, 2, 3])
        }
        #expect(
            CorrelationError.constant(series: 2, value: 0.5).description
                == "no correlation: all values of series 2 are 0.5; a model that gives every pair "
                + "the same score has collapsed")
    }
}
