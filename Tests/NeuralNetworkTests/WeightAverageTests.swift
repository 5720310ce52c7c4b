import JSON
import TestSupport
import Testing

@testable import NeuralNetwork
@testable import Tensors

@Suite struct WeightAverageTests {
    /// Beside PyTorch's `AveragedModel` with `get_ema_avg_fn`.
    @Test func averagesOfPyTorch() throws {
        guard let text = try GoldenFolder.contents(of: "optimizers.json") else { return }
        let runs = try #require(try JSONValue(parsing: text)["ema"]?.elements)
        try #require(!runs.isEmpty)
        for run in runs {
            let steps = try #require(run["weights"]?.elements).map(Self.numbers)
            let expected = try #require(run["average"]?.elements).map(Self.numbers)
            let parameter = Parameter("a", Tensor(steps[0].map { $0 + 1 }))
            let average = WeightAverage(
                [parameter], decay: Float(try #require(run["decay"]?.double)))
            for (step, weights) in steps.enumerated() {
                parameter.setValues(of: parameter.parts[0]) {
                    for i in $0.indices { $0[i] = weights[i] }
                }
                average.update(isFirst: step == 0)
                average.use(true)
                for (found, wanted) in zip(parameter.tensor.values, expected[step]) {
                    #expect(abs(found - wanted) < 1e-6)
                }
                average.use(false)
                #expect(parameter.tensor.values == weights)
            }
        }
    }

    private static func numbers(_ value: JSONValue) -> [Float] {
        value.elements.map { $0.flatMap(numbers) } ?? [Float(value.double ?? .nan)]
    }

    @Test func frozenParametersAreTheirOwn() {
        let (trained, frozen) = (Parameter("a", Tensor([1, 2])), Parameter("b", Tensor([3])))
        frozen.isFrozen = true
        let average = WeightAverage([trained, frozen], decay: 0.5)
        #expect(average.elementCount == 2)
        #expect(average.has(0) && !average.has(1))
        average.use(true)
        average.use(true)
        #expect(trained.tensor.values == [1, 2] && frozen.tensor.values == [3])
    }

    /// The average of an embedding table, and the table, are those of a dense parameter to the last bit; gradients are
    /// limited on the way.
    @Test(arguments: OptimizerTests.cases)
    func tablesAreAveragedAsIfDense(_ rule: (name: String, settings: String)) throws {
        func run(isRowSparse: Bool) throws -> [[Float]] {
            let parameter = OptimizerTests.table(isRowSparse: isRowSparse)
            let optimizer = try Optimizers.make(rule.name, settings: rule.settings, [parameter])
            let average = WeightAverage([parameter], decay: 0.7)
            for (t, ids) in OptimizerTests.steps.enumerated() {
                parameter.clearGradient()
                parameter.accumulateRowGradients(
                    ids, (0..<ids.count * 5).map { Float(($0 * 7 + t) % 5) - 2 })
                [parameter].clipGradientValues(to: 1.5)
                optimizer.step(learningRate: 0.1, gradientScale: 1)
                average.update(isFirst: t == 0)
                // As when it is evaluated.
                average.use(true)
                _ = parameter.value(ofRows: ids)
                average.use(false)
            }
            let weights = parameter.tensor.values
            average.use(true)
            return [weights, parameter.tensor.values]
        }
        let dense = try run(isRowSparse: false)
        #expect(try run(isRowSparse: true) == dense)
        #expect(dense[0] != dense[1])
    }

    @Test func numbersOfGradientsAreLimited() {
        let (dense, table) = (
            Parameter("a", Tensor([0, 0, 0])), OptimizerTests.table(isRowSparse: true)
        )
        dense.accumulateGradient { sum, _ in
            for (i, value) in [Float(-3), 0.25, 2].enumerated() { sum[i] = value }
        }
        table.accumulateRowGradients([2, 2], [1, -1, 0.1, 0, 9, 1, -1, 0.1, 0, 9])
        [dense, table].clipGradientValues(to: 0.5)
        #expect(dense.gradient?.values == [-0.5, 0.25, 0.5])
        let rows = table.gradient?.values ?? []
        #expect(Array(rows[10..<15]) == [0.5, -0.5, 0.2, 0, 0.5])
        #expect(rows[..<10].allSatisfy { $0 == 0 } && rows[15...].allSatisfy { $0 == 0 })
    }
}
