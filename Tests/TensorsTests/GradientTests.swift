import Support
import Testing

@testable import Tensors

/// One case of the table below: a function of some tensors and parameters, at some shapes.
struct GradientCase: CustomTestStringConvertible, Sendable {
    let name: String
    let shapes: [Shape]
    let parameterShapes: [Shape]
    /// Inputs are drawn from low..<high.
    let range: Range<Float>
    let function: @Sendable ([Tensor], [Parameter]) -> Tensor

    var testDescription: String { "\(name) \(shapes) \(parameterShapes)" }

    init(
        _ name: String, _ shapes: [Shape], parameters: [Shape] = [],
        range: Range<Float> = -1.5..<1.5,
        _ function: @escaping @Sendable ([Tensor], [Parameter]) -> Tensor
    ) {
        self.name = name
        self.shapes = shapes
        parameterShapes = parameters
        self.range = range
        self.function = function
    }
}

/// Every operation's gradient against central differences, for every input and parameter.
@Suite struct GradientTests {
    static let vectors: [Shape] = [[1], [7], [17], [3, 5], [2, 3, 4], [2, 1, 3, 2], []]
    static let layouts: [[Int]] = [[1], [2, 5, 1], [3, 0, 17], [70]]

    static let elementwise: [GradientCase] = vectors.flatMap { (shape: Shape) -> [GradientCase] in
        [
            GradientCase("exp", [shape]) { x, _ in x[0].exp() },
            GradientCase("log", [shape], range: 0.5..<2) { x, _ in x[0].log() },
            GradientCase("squareRoot", [shape], range: 0.5..<2) { x, _ in x[0].squareRoot() },
            GradientCase("tanh", [shape]) { x, _ in x[0].tanh() },
            GradientCase("relu", [shape], range: 0.1..<2) { x, _ in (x[0] - 1.03).relu() },
            GradientCase("sigmoid", [shape]) { x, _ in x[0].sigmoid() },
            GradientCase("abs", [shape], range: 0.1..<2) { x, _ in (x[0] - 0.05).abs() },
            GradientCase("softplus", [shape], range: -9..<9) { x, _ in x[0].softplus() },
            GradientCase("clamped", [shape], range: 0.1..<0.4) { x, _ in
                (3 * x[0] - 0.5).clamped(to: 0...0.301) + (x[0] - 1).clamped(to: -2...2)
            },
            GradientCase("squared", [shape]) { x, _ in x[0].squared() },
            GradientCase("gelu", [shape], range: -4..<4) { x, _ in x[0].gelu() },
            GradientCase("scalars", [shape]) { x, _ in -(2 * x[0] + 1 - (3 - x[0]) / 4) },
            GradientCase("add", [shape, shape]) { x, _ in x[0] + x[1] },
            GradientCase("subtract", [shape, shape]) { x, _ in x[0] - x[1] },
            GradientCase("multiply", [shape, shape]) { x, _ in x[0] * x[1] },
            GradientCase("divide", [shape, shape], range: 0.5..<2) { x, _ in x[0] / x[1] },
            GradientCase("twice used", [shape]) { x, _ in x[0] * x[0] + x[0] },
            GradientCase("sum", [shape]) { x, _ in x[0].sum() },
            GradientCase("mean", [shape]) { x, _ in x[0].mean() },
            GradientCase("reshaped", [shape]) { x, _ in x[0].reshaped([shape.count]) },
            GradientCase("transposed", [shape]) { x, _ in x[0].transposed() },
        ]
    }

    static let broadcasting: [GradientCase] = [
        ([3, 5], [5]), ([3, 5], [1]), ([3, 5], []), ([3, 1], [1, 5]), ([2, 1, 4], [3, 1]),
        ([5], [2, 3, 5]),
    ].flatMap { (a: Shape, b: Shape) -> [GradientCase] in
        [
            GradientCase("broadcast add", [a, b]) { x, _ in x[0] + x[1] },
            GradientCase("broadcast subtract", [a, b]) { x, _ in x[0] - x[1] },
            GradientCase("broadcast multiply", [a, b]) { x, _ in x[0] * x[1] },
            GradientCase("broadcast divide", [a, b], range: 0.5..<2) { x, _ in x[0] / x[1] },
        ]
    }

    static let structural: [GradientCase] = [
        GradientCase("sum of axes", [[2, 3, 4]]) { x, _ in x[0].sum(axes: [0, 2]) },
        GradientCase("sum keeping", [[2, 3, 4]]) { x, _ in
            x[0].sum(axes: [-2], keepingDimensions: true)
        },
        GradientCase("mean of axes", [[5, 3]]) { x, _ in x[0].mean(axes: [1]) },
        GradientCase("permuted", [[2, 3, 4, 5]]) { x, _ in x[0].transposed([2, 0, 3, 1]) },
        GradientCase("slice of rows", [[7, 3]]) { x, _ in x[0].slice(2..<5) },
        GradientCase("slice of columns", [[4, 7]]) { x, _ in x[0].slice(1..<6, axis: -1) },
        GradientCase("empty slice", [[4, 7]]) { x, _ in x[0].slice(3..<3).sum() + x[0].sum() },
        GradientCase("concatenated rows", [[2, 3], [1, 3], [4, 3]]) { x, _ in .concatenated(x) },
        GradientCase("concatenated columns", [[3, 2], [3, 5]]) { x, _ in .concatenated(x, axis: 1)
        },
        GradientCase("addingColumns", [[4, 7], [4, 3]]) { x, _ in x[0].addingColumns(x[1], from: 2)
        },
        GradientCase("addingColumns to all", [[2, 3], [2, 3]]) { x, _ in
            x[0].addingColumns(x[1], from: 0)
        },
        GradientCase("gather", [[5, 3]]) { x, _ in x[0].gather([4, 0, 0, 2, 4]) },
        GradientCase("matmul", [[3, 5], [5, 7]]) { x, _ in x[0].matmul(x[1]) },
        GradientCase("matmul of one", [[1, 1], [1, 1]]) { x, _ in x[0].matmul(x[1]) },
        GradientCase("matmul of rows", [[3, 5], [7, 5]]) { x, _ in
            x[0].matmul(x[1], transposed: true)
        },
        GradientCase("matmul of rows with themselves", [[4, 5]]) { x, _ in
            x[0].matmul(x[0], transposed: true)
        },
        GradientCase("batched matmul of rows", [[2, 3, 4], [2, 5, 4]]) { x, _ in
            x[0].matmul(x[1], transposed: true)
        },
        GradientCase("batched matmul", [[2, 3, 4], [2, 4, 1]]) { x, _ in x[0].matmul(x[1]) },
        GradientCase("matmul, nothing inside", [[3, 0], [0, 2]]) { x, _ in x[0].matmul(x[1]) },
        GradientCase("softmax", [[3, 17]]) { x, _ in x[0].softmax() },
        GradientCase("softmax of one", [[4, 1]]) { x, _ in x[0].softmax() },
        GradientCase("softmaxCrossEntropy", [[5, 3]]) { x, _ in
            x[0].softmaxCrossEntropy([0, 2, 1, 1, 0])
        },
        GradientCase("softmaxCrossEntropy, weighted", [[5, 3]]) { x, _ in
            x[0].softmaxCrossEntropy([0, 2, 1, 1, 0], classWeights: [0.5, 1, 2])
        },
        GradientCase("softmaxCrossEntropy, smoothed", [[5, 3]]) { x, _ in
            x[0].softmaxCrossEntropy(
                [0, 2, 1, 1, 0], classWeights: [0.5, 1, 2], labelSmoothing: 0.3)
        },
        GradientCase("softmaxCrossEntropy, nothing weighs", [[2, 3]]) { x, _ in
            x[0].softmaxCrossEntropy([1, 1], classWeights: [1, 0, 1])
        },
        GradientCase("softmaxCrossEntropy of one", [[1, 1]]) { x, _ in x[0].softmaxCrossEntropy([0])
        },
        GradientCase("cosineSimilarity", [[3, 19], [3, 19]]) { x, _ in x[0].cosineSimilarity(x[1])
        },
        GradientCase("cosineSimilarity, one column", [[4, 2], [4, 2]]) { x, _ in
            x[0].cosineSimilarity(x[1])
        },
        GradientCase("normalized", [[3, 17]]) { x, _ in x[0].normalized() },
        GradientCase("logSumExp", [[3, 17]]) { x, _ in x[0].logSumExp() },
        GradientCase("logSumExp of a vector", [[5]]) { x, _ in x[0].logSumExp() },
        GradientCase("logSumExp, masked", [[3, 4]]) { x, _ in
            let mask = [
                true, false, false, true, false, true, true, false, false, false, false, false,
            ]
            return x[0].maskedFill(mask, with: -.infinity).logSumExp()
        },
        GradientCase("logSoftmax", [[3, 17]]) { x, _ in x[0].logSoftmax() },
        GradientCase("logSoftmax of one", [[4, 1]]) { x, _ in x[0].logSoftmax() },
        GradientCase("maskedFill", [[2, 3]]) { x, _ in
            x[0].maskedFill([true, false, true, false, false, true], with: 2)
        },
        GradientCase("max", [[5, 7]]) { x, _ in x[0].rowMax() },
        GradientCase("min", [[2, 3, 4]]) { x, _ in x[0].rowMin() },
        GradientCase("dot", [[3, 19], [3, 19]]) { x, _ in x[0].dot(x[1]) },
        GradientCase("dot with itself", [[3, 19]]) { x, _ in x[0].dot(x[0]) },
        GradientCase("euclideanDistance", [[3, 19], [3, 19]]) { x, _ in
            x[0].euclideanDistance(x[1])
        },
        GradientCase("manhattanDistance", [[3, 19], [3, 19]]) { x, _ in
            x[0].manhattanDistance(x[1] + 4)
        },
        GradientCase("euclideanDistances", [[3, 11], [5, 11]]) { x, _ in
            x[0].euclideanDistances(to: x[1])
        },
        GradientCase("euclideanDistances of itself", [[5, 11]]) { x, _ in
            x[0].euclideanDistances(to: x[0])
        },
        GradientCase("manhattanDistances", [[3, 11], [5, 11]]) { x, _ in
            x[0].manhattanDistances(to: 2 * x[1] - 7)
        },
        GradientCase("custom", [[3, 4], [4]]) { x, _ in
            Tensor.custom(x) { inputs in
                inputs[0] * inputs[0] * inputs[0] + inputs[1]
            } backward: { inputs, _, gradient in
                [3 * inputs[0].squared() * gradient, gradient.sum(axes: [0])]
            }
        },
        GradientCase("dropout", [[5, 23]]) { x, _ in x[0].dropout(0.3) },
    ]

    static let linear: [GradientCase] =
        [(1, 1, 1), (3, 5, 7), (17, 31, 13), (2, 64, 3)].flatMap {
            (rows: Int, inputs: Int, outputs: Int) -> [GradientCase] in
            [
                GradientCase(
                    "linear", [[rows, inputs]], parameters: [[outputs, inputs], [outputs]]
                ) {
                    $0[0].linear(weight: $1[0], bias: $1[1])
                },
                GradientCase(
                    "linear without bias", [[rows, inputs]], parameters: [[outputs, inputs]]
                ) {
                    $0[0].linear(weight: $1[0], bias: nil)
                },
                GradientCase(
                    "geluLinear", [[rows, inputs]], parameters: [[outputs, inputs], [outputs]]
                ) {
                    $0[0].geluLinear(weight: $1[0], bias: $1[1])
                },
                GradientCase(
                    "two linears", [[rows, inputs]], parameters: [[inputs, inputs], [inputs]]
                ) {
                    $0[0].linear(weight: $1[0], bias: $1[1]).linear(weight: $1[0], bias: $1[1])
                },
            ]
        }

    static let norms: [GradientCase] =
        [(1, 7), (3, 19), (70, 5)].flatMap { (rows: Int, width: Int) -> [GradientCase] in
            [
                GradientCase("layerNorm", [[rows, width]], parameters: [[width], [width]]) {
                    $0[0].layerNorm(weight: $1[0], bias: $1[1], epsilon: 1e-3)
                },
                GradientCase(
                    "addNorm", [[rows, width], [rows, width]], parameters: [[width], [width]]
                ) {
                    $0[0].addNorm(
                        residual: $0[1], weight: $1[0], bias: $1[1], epsilon: 1e-3, dropout: 0)
                },
                GradientCase(
                    "addNorm with dropout", [[rows, width], [rows, width]],
                    parameters: [[width], [width]]
                ) {
                    $0[0].addNorm(
                        residual: $0[1], weight: $1[0], bias: $1[1], epsilon: 1e-3, dropout: 0.4)
                },
                GradientCase("addNorm of itself", [[rows, width]], parameters: [[width], [width]]) {
                    $0[0].addNorm(
                        residual: $0[0], weight: $1[0], bias: $1[1], epsilon: 1e-3, dropout: 0.4)
                },
            ]
        }

    static let packed: [GradientCase] =
        layouts.flatMap { (lengths: [Int]) -> [GradientCase] in
            let layout = SequenceLayout(lengths: lengths)
            let tokens = layout.rowCount
            return [
                GradientCase("attention", [[tokens, 18]]) { x, _ in
                    x[0].packedSelfAttention(layout, heads: 3, dropout: 0)
                },
                GradientCase("attention with dropout", [[tokens, 30]]) { x, _ in
                    x[0].packedSelfAttention(layout, heads: 2, dropout: 0.3)
                },
                GradientCase("causal attention", [[tokens, 18]]) { x, _ in
                    x[0].packedSelfAttention(layout, heads: 3, causal: true, dropout: 0)
                },
                GradientCase("causal attention with dropout", [[tokens, 30]]) { x, _ in
                    x[0].packedSelfAttention(layout, heads: 2, causal: true, dropout: 0.3)
                },
                GradientCase("segmentMean", [[tokens, 3]]) { x, _ in x[0].segmentMean(layout) },
                GradientCase("segmentSum", [[tokens, 3]]) { x, _ in
                    x[0].segmentSum(layout) { length, position in
                        Float(position + 1) / Float(length)
                    }
                },
                GradientCase("segmentMax", [[tokens, 3]]) { x, _ in x[0].segmentMax(layout) },
                GradientCase("embeddingSum", [[1]], parameters: [[5, 7], [2, 7]]) { x, p in
                    let ids = (0..<tokens).map { Int32($0 * 3 % 5) }
                    return .embeddingSum([(ids, p[0]), (ids.map { $0 % 2 }, p[1])], on: x[0].tape)
                },
            ]
        }

    @Test(arguments: elementwise + broadcasting + structural + linear + norms + packed)
    func agreesWithCentralDifferences(_ test: GradientCase) throws {
        var random = SplitMix64(state: 7)
        let inputs = test.shapes.map { Tensor.random($0, in: test.range, &random) }
        let parameters = test.parameterShapes.enumerated().map {
            Parameter("p\($0.offset)", .random($0.element, in: -1..<1, &random))
        }
        // Fixed output weights turn the output into a number.
        let shapeTape = Tape(seed: 3)
        let outputShape = test.function(inputs.map(shapeTape.watch), parameters).shape
        let weights = Tensor.random(outputShape, in: -1..<1, &random)

        /// The weighted output in double, at the given inputs; on a tape, so that dropout acts.
        func value(_ inputs: [Tensor]) -> Double {
            let tape = Tape(seed: 3)
            let y = test.function(inputs.map(tape.watch), parameters)
            return zip(y.values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }

        let tape = Tape(seed: 3)
        let watched = inputs.map(tape.watch)
        let loss = (test.function(watched, parameters) * weights).sum()
        for parameter in parameters { parameter.clearGradient() }
        let gradients = tape.backward(from: loss)

        for (which, input) in inputs.enumerated() where test.name != "embeddingSum" {
            let found = gradients[watched[which]]?.values ?? Array(repeating: 0, count: input.count)
            try compare(found, at: input) { changed in
                var all = inputs
                all[which] = changed
                return value(all)
            }
        }
        for parameter in parameters {
            let original = parameter.tensor
            let found = try #require(parameter.gradient).values
            try compare(found, at: original) { changed in
                parameter.setValues(of: parameter.parts[0]) { span in
                    for i in span.indices { span[i] = changed.values[i] }
                }
                defer {
                    parameter.setValues(of: parameter.parts[0]) { span in
                        for i in span.indices { span[i] = original.values[i] }
                    }
                }
                return value(inputs)
            }
        }
    }

    /// A gradient could only reach one of them.
    @Test func tensorsOfTwoTapesDoNotMix() async {
        let sum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tape().watch(Tensor([1])) + Tape().watch(Tensor([2]))
        }
        #expect(says(sum, "+: the tensors are on different tapes"))
        let joined = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            _ = Tensor.concatenated([
                Tensor([0]), Tape().watch(Tensor([1])), Tape().watch(Tensor([2])),
            ])
        }
        #expect(says(joined, "concatenated(_:axis:): the tensors are on different tapes"))
    }

    /// Compares a gradient with central differences at up to 24 entries spread over the tensor.
    private func compare(_ gradient: [Float], at x: Tensor, _ value: (Tensor) -> Double) throws {
        try #require(gradient.count == x.count)
        let step: Float = 1 / 256
        let scale = max(1, gradient.map(abs).max() ?? 1)
        for i in stride(from: 0, to: x.count, by: max(1, x.count / 24)) {
            var (up, down) = (x.values, x.values)
            up[i] += step
            down[i] -= step
            let expected =
                (value(Tensor(up, x.shape)) - value(Tensor(down, x.shape)))
                / Double(up[i] - down[i])
            #expect(abs(Double(gradient[i]) - expected) < 4e-3 * Double(scale), "entry \(i)")
        }
    }
}

extension Tensor {
    static func random(_ shape: Shape, in range: Range<Float>, _ random: inout SplitMix64) -> Tensor
    {
        Tensor((0..<shape.count).map { _ in Float.random(in: range, using: &random) }, shape)
    }
}
