import ExampleFiles
import NeuralNetwork
import Support
import Tensors
import Testing

@testable import Losses

/// Losses whose terms several processes share out: the shares add up, and none computes the scores of another.
@Suite struct RowwiseLossTests {
    private static let everyDirection = (
        "directions", #"["query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"]"#
    )

    /// Settings at which all that a loss may compute is computed; each loss takes those that it has.
    private static let settings: [[(key: String, value: String)]] =
        [
            [],
            [everyDirection],
            [everyDirection, ("partition_mode", #""per_direction""#)],
            [
                ("similarity_fct", #""euclidean""#),
                ("directions", #"["query_to_doc", "doc_to_doc"]"#),
            ],
        ]
        + MultipleNegativesRankingLoss.HardnessMode.allCases.map {
            [("hardness_mode", "\"\($0.rawValue)\""), ("hardness_strength", "3")]
        }

    private static let cases = LossCase.all.filter {
        (try? $0.type is any RowwiseLoss.Type) == true
    }

    @Test func lossesWithInBatchNegativesAreAmongThem() {
        #expect(
            Set(Self.cases.map(\.name)) == [
                "multiple_negatives_ranking", "multiple_negatives_symmetric_ranking", "gist",
                "mega_batch_margin", "contrastive_tension_in_batch",
            ])
    }

    @Test(arguments: cases, [2, 3, 4, 6]) func sharesAddUp(_ test: LossCase, _ count: Int) throws {
        func check<L: RowwiseLoss>(_ type: L.Type) throws {
            for settings in Self.settings {
                let mild = [("scale", "2"), ("temperature", "0.5")] + settings
                let made = try test.make(type, mild)
                try expectSharesAddUp(
                    made.loss, test.columns, made.labels, made.parameters, count)
            }
        }
        let type: any Loss.Type = try test.type
        if let type = type as? any RowwiseLoss.Type { try check(type) }
    }

    @Test func sharesAddUpWhereSomeRowsHaveNoNegative() throws {
        let test = LossCase(name: MultipleNegativesRankingLoss.name, columnCount: 3)
        for settings in Self.settings {
            let made = try test.make(MultipleNegativesRankingLoss.self, settings)
            let columns = test.columns.enumerated().map { $0 == 2 ? $1.slice(0..<4) : $1 }
            try expectSharesAddUp(made.loss, columns, made.labels, made.parameters, 3)
        }
    }

    private func expectSharesAddUp<L: RowwiseLoss>(
        _ loss: L, _ columns: [Tensor], _ labels: [L.Label], _ parameters: ParameterStore,
        _ count: Int
    ) throws {
        /// The value and all gradients, end to end.
        func numbers(_ compute: ([Tensor]) -> Tensor) -> [Float] {
            parameters.clearGradients()
            let tape = Tape()
            let watched = columns.map(tape.watch)
            let value = compute(watched)
            let gradients = tape.backward(from: value)
            let ofColumns = watched.flatMap {
                gradients[$0]?.values ?? Array(repeating: 0, count: $0.values.count)
            }
            return [value.item()] + ofColumns + parameters.flatMap { $0.gradient?.values ?? [] }
        }
        let whole = numbers { loss($0, labels: labels) }
        let rows = columns[0].shape[0]
        let shares = (0..<count).map { number in
            numbers {
                loss($0, labels: labels, rows: LossShare(number, of: count).rows(of: rows))
            }
        }
        for (i, expected) in whole.enumerated() {
            let found = shares.reduce(0) { $0 + $1[i] }
            #expect(abs(found - expected) < 2e-6 * max(1, abs(expected)), "\(i)")
        }
        let all = numbers { loss($0, labels: labels, rows: 0..<rows) }
        #expect(all.map(\.bitPattern) == whole.map(\.bitPattern))
    }

    @Test func ofTheScoresAShareHasItsOwnRowsAlone() throws {
        let columns = LossCase(name: "", columnCount: 3).columns
        let batch = RankedBatch(
            rows: LossShare(1, of: 3).rows(of: 6), anchors: columns[0], positives: columns[1],
            documents: .concatenated(Array(columns[1...])), columns: [6, 6], similarity: .dot,
            configuration: .init())
        #expect(batch.rows == 2..<4)
        for direction in MultipleNegativesRankingLoss.Direction.allCases {
            let scores = try #require(batch.scores(direction))
            let width = [.queryToDoc, .docToDoc].contains(direction) ? 12 : 6
            #expect(scores.shape == [2, width], "\(direction)")
        }
        let positives = batch.positiveScores(in: batch.documentScores)
        let expected = (columns[0].dot(columns[1]) * 20).values[2..<4]
        #expect(zip(positives.values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
}
