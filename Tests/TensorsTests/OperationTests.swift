import Support
import Testing

@testable import Tensors

/// Values that gradients do not show: the ends of the range, ties, and users' own operations.
@Suite struct OperationTests {
    @Test func logSumExpNeitherOverflowsNorCountsWhatIsMasked() {
        let x = Tensor([1000, 1000, -.infinity, -.infinity, -.infinity, -2000], [2, 3])
        let tape = Tape()
        let watched = tape.watch(x)
        let y = watched.logSumExp()
        #expect(abs(y.values[0] - 1000.693147) < 1e-3 && y.values[1] == -2000)
        #expect(tape.backward(from: y.sum())[watched]?.values == [0.5, 0.5, 0, 0, 0, 1])
    }

    @Test func logSumExpOfNothing() {
        let tape = Tape()
        let x = tape.watch(Tensor([-.infinity, -.infinity, 1, 2], [2, 2]))
        let y = x.logSumExp()
        #expect(y.values[0] == -.infinity)
        let gradient = tape.backward(from: y, gradient: Tensor([1, 0]))[x]
        #expect(gradient?.values == [0, 0, 0, 0])
        #expect(Tensor([], [2, 0]).logSumExp().values == [-.infinity, -.infinity])
    }

    @Test func logSoftmaxKeepsSmallProbabilities() {
        #expect(Tensor([0, -500]).logSoftmax().values == [0, -500])
    }

    @Test func softplusAtTheEnds() {
        let y = Tensor([-200, -20, 0, 20, 200]).softplus().values
        #expect(y[0] >= 0 && abs(y[1] - 2.0611537e-9) < 1e-14 && abs(y[2] - 0.6931472) < 1e-7)
        #expect(y[3] == 20 && y[4] == 200)
    }

    @Test func amongEqualsTheFirstWins() {
        let tape = Tape()
        let x = tape.watch(Tensor([1, 3, 3, 2, 0, 0], [2, 3]))
        let (largest, smallest) = (x.rowMax(), x.rowMin())
        #expect(largest.values == [3, 2] && smallest.values == [1, 0])
        #expect(x.argMax() == [1, 0] && x.argMin() == [0, 1])
        let gradients = tape.backward(from: (largest - smallest).sum())
        #expect(gradients[x]?.values == [-1, 1, 0, 1, -1, 0])
    }

    @Test func distancesOfNeighboursKeepTheirDigits() {
        let (a, b) = (Tensor([1000, 1000], [1, 2]), Tensor([1000.25, 1000, 1000, 1000], [2, 2]))
        #expect(a.euclideanDistances(to: b).values == [0.25, 0])
        #expect(a.manhattanDistances(to: b).values == [0.25, 0])
    }

    /// Near and far pairs are computed in two ways.
    @Test func euclideanDistancesAreThoseOfRows() {
        var random = SplitMix64(state: 5)
        let a = Tensor.random([40, 65], in: -1..<1, &random)
        let near = a + Tensor.random([40, 65], in: -1e-3..<1e-3, &random)
        let b = Tensor.concatenated([near, .random([24, 65], in: -1..<1, &random)])
        let all = a.euclideanDistances(to: b)
        for (i, found) in all.slice(0..<40, axis: 1).values.enumerated() {
            let (row, partner) = (a.slice(i / 40..<i / 40 + 1), b.slice(i % 40..<i % 40 + 1))
            let expected = row.euclideanDistance(partner).item()
            #expect(abs(found - expected) <= 2e-6 * expected, "\(i)")
        }
    }

    @Test(arguments: [1, 7, 8, 9, 33]) func manhattanOfEveryWidth(width: Int) {
        var random = SplitMix64(state: 3)
        let (a, b) = (
            Tensor.random([2, width], in: -1..<1, &random),
            Tensor.random([2, width], in: -1..<1, &random)
        )
        let expected = (a - b).abs().sum(axes: [1]).values
        for (found, expected) in zip(a.manhattanDistance(b).values, expected) {
            #expect(abs(found - expected) < 1e-5)
        }
    }

    @Test func distanceOfEqualsHasNoGradient() {
        let tape = Tape()
        let x = tape.watch(Tensor([1, 2, 1, 2], [2, 2]))
        let gradients = tape.backward(
            from: x.euclideanDistances(to: x).sum() + x.manhattanDistances(to: x).sum())
        #expect(gradients[x]?.values == [0, 0, 0, 0])
    }

    /// An operation with loops of its own, one of whose inputs is a constant.
    @Test func ownOperations() {
        func weightedSum(_ x: Tensor, _ weights: Tensor) -> Tensor {
            .custom([x, weights]) { inputs in
                Tensor(zip(inputs[0].values, inputs[1].values).reduce(0) { $0 + $1.0 * $1.1 })
            } backward: { inputs, output, gradient in
                #expect(output.item() == 5)
                let g = gradient.item()
                return [
                    Tensor(inputs[0].shape) { elements in
                        inputs[1].withSpan { weights in
                            for i in elements.indices { elements[i] = weights[i] * g }
                        }
                    }, nil,
                ]
            }
        }
        let tape = Tape()
        let x = tape.watch(Tensor([1, 2]))
        let sum = weightedSum(x, Tensor([3, 1]))
        #expect(tape.backward(from: sum * 2)[x]?.values == [6, 2])
        #expect(!weightedSum(Tensor([1, 2]), Tensor([3, 1])).requiresGradient)
    }

    @Test func ownOperationsWithGradientsOfOtherShapesTrap() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            let x = tape.watch(Tensor([1, 2]))
            let y = Tensor.custom([x]) {
                $0[0].sum()
            } backward: { _, _, gradient in
                [gradient]
            }
            tape.backward(from: y)
        }
        #expect(says(result, "custom: a gradient of shape [] for an input of shape [2]"))
    }
}
