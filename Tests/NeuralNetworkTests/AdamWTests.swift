import Foundation
import Kernels
import Testing

@testable import NeuralNetwork
@testable import Tensors

@Suite struct AdamWTests {
    /// The formula of the documentation, entry by entry in double.
    @Test func agreesWithTheFormula() throws {
        let start: [Float] = [0.5, -1, 2]
        let parameter = Parameter("dense.weight", Tensor(start))
        let optimizer = AdamW([parameter])
        var (p, m, v) = (start.map(Double.init), [0.0, 0, 0], [0.0, 0, 0])
        for t in 1...5 {
            let gradient = (0..<3).map { Float(sin(Double(t * 3 + $0))) }
            let scale = 0.7
            give(parameter, gradient)
            optimizer.step(learningRate: 0.01, gradientScale: Float(scale))
            for i in 0..<3 {
                let g = Double(gradient[i]) * scale
                p[i] *= 1 - 0.01 * 0.01
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                let denominator =
                    v[i].squareRoot() / (1 - pow(0.999, Double(t))).squareRoot() + 1e-8
                p[i] -= 0.01 / (1 - pow(0.9, Double(t))) * m[i] / denominator
            }
            for i in 0..<3 { #expect(abs(Double(parameter.tensor.values[i]) - p[i]) < 1e-6) }
        }
    }

    @Test func biasesAndLayerNormDoNotDecay() {
        let names = ["a.weight", "a.bias", "LayerNorm.weight", "LayerNorm.bias"]
        let parameters = names.map { Parameter($0, Tensor([1])) }
        let optimizer = AdamW(parameters)
        for parameter in parameters { give(parameter, [0]) }
        optimizer.step(learningRate: 0.1)
        #expect(parameters.map { $0.tensor.item() } == [1 - 0.1 * 0.01, 1, 1, 1])
    }

    @Test func withoutGradientNothingChanges() {
        let parameter = Parameter("pooler.dense.weight", Tensor([1, 2]))
        let frozen = Parameter("a.weight", Tensor([3]))
        give(frozen, [1])
        frozen.isFrozen = true
        let optimizer = AdamW([parameter, frozen])
        optimizer.step(learningRate: 0.1)
        #expect(parameter.tensor.values == [1, 2])
        #expect(frozen.tensor.values == [3])
    }

    /// The deferred update of an embedding table is the dense one, to the last bit.
    @Test func embeddingRowsAreUpdatedAsIfDense() {
        let (rows, width) = (11, 5)
        let (sparse, dense) = table(rows, width)
        let start = dense.tensor.values
        let steps: [[Int32]] = [[3, 1], [3], [], [7, 3, 3], [10], [0, 1]]
        let (a, b) = (AdamW([sparse]), AdamW([dense]))
        for (t, ids) in steps.enumerated() {
            let source = (0..<ids.count * width).map { Float(sin(Double($0 + t))) }
            for parameter in [sparse, dense] {
                parameter.clearGradient()
                // What a forward pass reads must be up to date.
                let now = parameter.value(ofRows: ids)
                let read = ids.map { now.base[Int($0) * width] }
                if parameter === sparse {
                    #expect(read == ids.map { dense.tensor.values[Int($0) * width] })
                }
                parameter.accumulateRowGradients(ids, source)
            }
            a.step(learningRate: 0.1, gradientScale: 0.5)
            b.step(learningRate: 0.1, gradientScale: 0.5)
        }
        #expect(sparse.tensor.values == dense.tensor.values)
        #expect(sparse.tensor.values != start)
    }

    /// What one optimizer has put off is done before another takes over.
    @Test func optimizersTakeTurnsOnOneTable() {
        let (sparse, dense) = table(5, 3)
        do {
            let (a, b) = ([AdamW([sparse]), AdamW([sparse])], [AdamW([dense]), AdamW([dense])])
            for turn in [0, 1, 1, 0, 0] {
                for (parameter, optimizers) in [(sparse, a), (dense, b)] {
                    parameter.clearGradient()
                    parameter.accumulateRowGradients([Int32(turn)], [1, -2, 3])
                    optimizers[turn].step(learningRate: 0.1)
                }
            }
        }
        #expect(sparse.tensor.values == dense.tensor.values)
    }

    /// The same values as an embedding table and as an ordinary parameter.
    private func table(_ rows: Int, _ width: Int) -> (sparse: Parameter, dense: Parameter) {
        let values = (0..<rows * width).map { Float($0 % 7) - 3.3 }
        let sparse = Parameter(
            parts: [.init(name: "word", shape: [rows, width], offset: 0)], shape: [rows, width],
            isRowSparse: true)
        sparse.setValues(of: sparse.parts[0]) { for i in $0.indices { $0[i] = values[i] } }
        return (sparse, Parameter("word", Tensor(values, [rows, width])))
    }

    @Test func stateSurvivesARestore() throws {
        func run(restoringAt: Int?) -> [Float] {
            let parameter = Parameter("w", Tensor([1, 2, 3]))
            var optimizer = AdamW([parameter])
            for t in 0..<6 {
                if t == restoringAt {
                    let fresh = AdamW([parameter])
                    #expect(throws: Never.self) { try copyState(of: optimizer, to: fresh) }
                    optimizer = fresh
                }
                give(parameter, [Float(t), -1, 0.5])
                optimizer.step(learningRate: 0.05)
            }
            return parameter.tensor.values
        }
        #expect(run(restoringAt: 3) == run(restoringAt: nil))
        #expect(run(restoringAt: nil) != [1, 2, 3])
    }

    /// Of an embedding table too, whose rows get gradients before, after, and on both sides of it; also when
    /// an earlier attempt to restore has failed halfway.
    @Test(arguments: [false, true])
    func stateOfRowsSurvivesARestore(_ failsFirst: Bool) throws {
        let rows: [[Int32]] = [[0, 2], [1], [2], [3, 0], [4, 1], [0]]
        func run(restoringAt: Int?) -> [Float] {
            let table = Parameter(
                parts: [Parameter.Part(name: "w", shape: [6, 2], offset: 0)], shape: [6, 2],
                isRowSparse: true)
            for i in 0..<12 { table.rawValue.base[i] = Float(i) }
            var optimizer = AdamW([table])
            for (t, ids) in rows.enumerated() {
                if t == restoringAt {
                    let fresh = AdamW([table])
                    if failsFirst {
                        #expect(throws: Unreadable.self) {
                            try copyState(of: optimizer, to: fresh, failingAt: "exp_avg_sq")
                        }
                    }
                    #expect(throws: Never.self) { try copyState(of: optimizer, to: fresh) }
                    optimizer = fresh
                }
                table.clearGradient()
                table.accumulateRowGradients(ids, ids.flatMap { [Float($0) - 1, Float(t)] })
                optimizer.step(learningRate: 0.05)
            }
            return table.tensor.values
        }
        let uninterrupted = run(restoringAt: nil)
        for step in 1..<rows.count { #expect(run(restoringAt: step) == uninterrupted) }
    }

    private struct Unreadable: Error {}

    private func copyState(
        of optimizer: AdamW, to fresh: AdamW, failingAt bad: String? = nil
    ) throws {
        try fresh.restore(stepCount: optimizer.stepCount) { buffer, index, part, values in
            if buffer == bad { throw Unreadable() }
            optimizer.withBuffer(buffer, of: index, part) { saved in
                for i in values.indices { values[i] = saved[i] }
            }
        }
    }

    private func give(_ parameter: Parameter, _ gradient: [Float]) {
        parameter.clearGradient()
        parameter.accumulateGradient { sum, _ in sum.update(from: gradient, count: gradient.count) }
    }
}
