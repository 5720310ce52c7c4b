import ExampleFiles
import NeuralNetwork
import Support
import Tensors
import TestSupport
import Testing

@testable import Losses

/// Negatives that rows have different numbers of, and what competes with what.
@Suite struct RankingTests {
    private var random = SplitMix64(state: 8)

    private mutating func embeddings(_ rows: Int) -> Tensor {
        Tensor((0..<rows * 4).map { _ in Float.random(in: -1..<1, using: &random) }, [rows, 4])
    }

    private func loss(
        _ columns: Int,
        _ change: (inout MultipleNegativesRankingLoss.Configuration) -> Void = { _ in }
    ) throws -> MultipleNegativesRankingLoss {
        var configuration = MultipleNegativesRankingLoss.Configuration()
        change(&configuration)
        return try MultipleNegativesRankingLoss(
            configuration, LossContext(dimension: 4, columns: columns),
            in: ParameterStore(source: .random(seed: 0)).root)
    }

    /// The cross-entropy of each anchor's positive among all documents, written out.
    private func expected(_ anchors: Tensor, _ documents: Tensor) -> Float {
        let scores = (anchors.normalized().matmul(documents.normalized().transposed()) * 20).values
        let (rows, width) = (anchors.shape[0], documents.shape[0])
        return Tensor(scores, [rows, width]).softmaxCrossEntropy((0..<Int32(rows)).map { $0 })
            .item()
    }

    @Test(arguments: [0, 1, 3, 4, 7]) mutating func raggedNegativesJoinThePool(count: Int) throws {
        let (anchors, positives) = (embeddings(4), embeddings(4))
        let (second, ragged) = (embeddings(4), embeddings(count))
        let found = try loss(4)([anchors, positives, second, ragged], labels: [])
        let wanted = expected(anchors, .concatenated([positives, second, ragged]))
        #expect(abs(found.item() - wanted) < 1e-5)
    }

    @Test mutating func raggedNegativesGetGradients() throws {
        let tape = Tape()
        let columns = [embeddings(4), embeddings(4), embeddings(2), embeddings(0)].map(tape.watch)
        let all = MultipleNegativesRankingLoss.Direction.allCases
        let value = try loss(4) {
            $0.directions = all
            $0.hardnessMode = .hardNegatives
            $0.hardnessStrength = 3
        }(columns, labels: [])
        let gradients = tape.backward(from: value)
        for column in columns.dropLast() {
            let rows = try #require(gradients[column]).squared().sum(axes: [1]).values
            #expect(rows.allSatisfy { $0 > 0 })
        }
    }

    /// A column that is no row's own has nothing of its own that hardness could favour.
    @Test mutating func hardnessOfOwnNegativesLeavesRaggedColumnsAlone() throws {
        let columns = [embeddings(4), embeddings(4), embeddings(3)]
        let plain = try loss(3)(columns, labels: []).item()
        let hard = try loss(3) {
            $0.hardnessMode = .hardNegatives
            $0.hardnessStrength = 9
        }(columns, labels: []).item()
        #expect(plain == hard)
    }

    @Test func directionsAreChecked() {
        for directions: [MultipleNegativesRankingLoss.Direction] in [
            [.docToQuery], [.queryToDoc, .queryToDoc], [],
        ] {
            #expect(throws: LossError.self) { try loss(2) { $0.directions = directions } }
        }
    }

    /// In float32, where scores of 1000 have steps of 6e-5, differences keep their digits.
    @Test func largeScalesKeepDigits() throws {
        let x = Tensor([1, 0, 0, 0, 0, 1, 0, 0], [2, 4])
        let near = Tensor([1, 1e-3, 0, 0, 1e-3, 1, 0, 0], [2, 4])
        let value = try loss(2) { $0.scale = 1000 }([x, near], labels: []).item()
        #expect(value >= 0 && value < 1e-6)
    }
}
