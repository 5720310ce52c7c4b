import Foundation
import Testing

@testable import NeuralNetwork
@testable import Tensors

/// The functions of feed-forward blocks against PyTorch's values and by finite differences.
@Suite struct HiddenActivationTests {
    private static let x: [Float] = [-6, -2.5, -1, -0.3, 0, 0.4, 1, 2.5, 7]

    /// `ACT2FN[name](x)` of transformers 5.23 with PyTorch 2.15.
    @Test(arguments: [
        (
            HiddenActivation.gelu,
            [-0, -0.015524, -0.158655, -0.114627, 0, 0.262169, 0.841345, 2.484476, 7] as [Float]
        ),
        (.geluPython, [-0, -0.015524, -0.158655, -0.114627, 0, 0.262169, 0.841345, 2.484476, 7]),
        (.geluNew, [-0, -0.015084, -0.158808, -0.114629, 0, 0.262161, 0.841192, 2.484916, 7]),
        (.geluTanh, [-0, -0.015084, -0.158808, -0.114629, 0, 0.262161, 0.841192, 2.484916, 7]),
        (.geluFast, [-0, -0.015084, -0.158808, -0.114629, 0, 0.262161, 0.841192, 2.484916, 7]),
        (.relu, [0, 0, 0, 0, 0, 0.4, 1, 2.5, 7]),
        (
            .silu,
            [-0.014836, -0.189645, -0.268941, -0.127667, 0, 0.239475, 0.731059, 2.310354, 6.993623]
        ),
        (
            .swish,
            [-0.014836, -0.189645, -0.268941, -0.127667, 0, 0.239475, 0.731059, 2.310354, 6.993623]
        ),
    ])
    func values(activation: HiddenActivation, expected: [Float]) {
        let y = activation.function(Tensor(Self.x, [9])).values
        #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 2e-6 }, "\(y)")
    }

    @Test(arguments: HiddenActivation.allCases)
    func derivatives(activation: HiddenActivation) throws {
        let x = Self.x.filter { $0 != 0 }  // where max(x, 0) has none
        let tape = Tape()
        let tracked = tape.watch(Tensor(x, [x.count]))
        let gradient = tape.backward(from: activation.function(tracked).sum())[tracked]?.values
        let step: Float = 1e-2
        func y(_ offset: Float) -> [Float] {
            activation.function(Tensor(x.map { $0 + offset }, [x.count])).values
        }
        let differences = zip(y(step), y(-step)).map { ($0 - $1) / (2 * step) }
        let found = try #require(gradient)
        #expect(zip(found, differences).allSatisfy { abs($0 - $1) < 1e-3 }, "\(found)")
    }

    /// Through a whole encoder: the gradient along a direction is the difference quotient.
    @Test(arguments: [HiddenActivation.geluNew, .relu, .silu])
    func gradientsOfAnEncoder(activation: HiddenActivation) throws {
        var configuration = BertTests.configuration
        configuration.hiddenActivation = activation
        configuration.hiddenDropout = 0
        configuration.attentionDropout = 0
        configuration.initializerRange = 0.3
        let store = ParameterStore(source: .random(seed: 1))
        let bert = Bert(configuration, in: store.root)
        let batch = TokenBatch([[2, 7, 9, 11, 3], [2, 8, 3]])
        func loss(on tape: Tape? = nil) -> Tensor { bert(batch, on: tape).squared().tanh().sum() }
        let tape = Tape()
        _ = tape.backward(from: loss(on: tape))
        for name in [
            "encoder.layer.0.intermediate.dense.weight", "encoder.layer.1.intermediate.dense.bias",
            "encoder.layer.0.output.dense.weight",
        ] {
            let parameter = try #require(store.first { $0.name == name })
            let gradient = try #require(parameter.gradient).values
            let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let old = parameter.tensor.values
            func moved(_ step: Float) -> Float {
                parameter.setValues(of: parameter.parts[0]) { values in
                    for i in values.indices { values[i] = old[i] + step * gradient[i] / length }
                }
                return loss().item()
            }
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2
            _ = moved(0)
            #expect(abs(slope - length) < 0.02 * length, "\(name): \(slope), \(length)")
        }
    }
}
