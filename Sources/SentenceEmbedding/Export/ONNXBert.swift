import NeuralNetwork
import ONNX

/// BERT in ONNX's operators.
struct ONNXBert {
    typealias Value = ONNXGraph.Value

    let graph: ONNXGraph
    let configuration: BertConfiguration
    let weights: ONNXWeights
    /// Whether matrices are stored and multiplied as 8-bit whole numbers.
    let isQuantized: Bool

    /// The last hidden state, [batch, sequence, hidden].
    ///
    /// `ids` and `types` are [batch, sequence]; `mask` is too, as numbers: 1 for tokens, 0 for padding.
    func callAsFunction(ids: Value, types: Value, mask: Value) -> Value {
        var x = embeddings(ids: ids, types: types)
        let bias = attentionBias(mask)
        for index in 0..<configuration.layerCount {
            x = layer(x, bias: bias, "encoder.layer.\(index)")
        }
        return x
    }

    private func embeddings(ids: Value, types: Value) -> Value {
        let length = graph.add("Shape", ids, attributes: ["start": .int(1), "end": .int(2)])
        let positions = graph.add(
            "Slice", weights.array("embeddings.position_embeddings.weight"),
            graph.constant([0]), length, graph.constant([0]))
        let type = graph.add(
            "Gather", weights.array("embeddings.token_type_embeddings.weight"), types)
        let sum = graph.add("Add", graph.add("Add", words(ids), type), positions)
        return layerNorm(sum, "embeddings.LayerNorm")
    }

    private func words(_ ids: Value) -> Value {
        let name = "embeddings.word_embeddings.weight"
        guard isQuantized else { return graph.add("Gather", weights.array(name), ids) }
        let table = weights.quantized(name)
        return graph.add(
            "Mul", float(graph.add("Gather", table.matrix, ids)),
            graph.add("Gather", table.scales, ids))
    }

    /// Added to attention scores, [batch, 1, 1, sequence]: 0 for tokens, so low for padding that
    /// nothing of it is attended to.
    private func attentionBias(_ mask: Value) -> Value {
        let wide = graph.add("Unsqueeze", mask, graph.constant([1, 2]))
        let inverted = graph.add("Sub", graph.constant(float: 1), wide)
        return graph.add("Mul", inverted, graph.constant(float: -10000))
    }

    private func layer(_ x: Value, bias: Value, _ name: String) -> Value {
        let context = selfAttention(x, bias: bias, "\(name).attention.self")
        let projected = linear(multiplicand(context), "\(name).attention.output.dense")
        let attended = layerNorm(
            graph.add("Add", projected, x), "\(name).attention.output.LayerNorm")
        let wide = activated(linear(multiplicand(attended), "\(name).intermediate.dense"))
        let narrow = linear(multiplicand(wide), "\(name).output.dense")
        return layerNorm(graph.add("Add", narrow, attended), "\(name).output.LayerNorm")
    }

    private func activated(_ x: Value) -> Value {
        switch configuration.hiddenActivation.function {
        case .gelu: return graph.gelu(x)
        case .tanhGELU:
            let cube = graph.add("Mul", graph.add("Mul", x, x), x)
            let sum = graph.add(
                "Add", x,
                graph.add(
                    "Mul", cube, graph.constant(float: HiddenActivation.Function.cubeFactor)))
            let inner = graph.add(
                "Mul", sum, graph.constant(float: HiddenActivation.Function.tanhFactor))
            let cumulative = graph.add("Add", graph.add("Tanh", inner), graph.constant(float: 1))
            return graph.add(
                "Mul", graph.add("Mul", x, cumulative), graph.constant(float: 0.5))
        case .relu: return graph.add("Relu", x)
        case .silu: return graph.add("Mul", x, graph.add("Sigmoid", x))
        }
    }

    private func selfAttention(_ x: Value, bias: Value, _ name: String) -> Value {
        let (heads, hidden) = (configuration.headCount, configuration.hiddenSize)
        let width = hidden / heads
        let input = multiplicand(x)
        /// [batch, heads, sequence, width], or as `order` says.
        func split(_ part: String, _ order: [Int]) -> Value {
            let y = linear(input, "\(name).\(part)")
            let parts = graph.add("Reshape", y, graph.constant([0, 0, heads, width]))
            return graph.add("Transpose", parts, attributes: ["perm": .ints(order)])
        }
        let query = split("query", [0, 2, 1, 3])
        let key = split("key", [0, 2, 3, 1])
        let value = split("value", [0, 2, 1, 3])
        let scores = graph.add(
            "Div", graph.add("MatMul", query, key),
            graph.constant(float: Float(width).squareRoot()))
        let probabilities = graph.add(
            "Softmax", graph.add("Add", scores, bias), attributes: ["axis": .int(-1)])
        let context = graph.add("MatMul", probabilities, value)
        let joined = graph.add(
            "Transpose", context, attributes: ["perm": .ints([0, 2, 1, 3])])
        return graph.add("Reshape", joined, graph.constant([0, 0, hidden]))
    }

    private func layerNorm(_ x: Value, _ name: String) -> Value {
        graph.add(
            "LayerNormalization", x, weights.array("\(name).weight"),
            weights.array("\(name).bias"),
            attributes: ["axis": .int(-1), "epsilon": .float(configuration.layerNormEpsilon)])
    }

    private func float(_ x: Value) -> Value {
        graph.add("Cast", x, attributes: ["to": .int(ONNXElement.float.code)])
    }
}

// MARK: - Linear layers

extension ONNXBert {
    /// What a linear layer multiplies its matrix by.
    private enum Multiplicand {
        case float(Value)
        /// 8-bit whole numbers around 128, and a scale for each token: [batch, sequence, 1].
        case quantized(Value, scales: Value)
    }

    private func multiplicand(_ x: Value) -> Multiplicand {
        guard isQuantized else { return .float(x) }
        // A scale for each token, not for the whole batch as DynamicQuantizeLinear has it: so the numbers of a
        // sentence do not depend on what it is encoded beside, nor on its own outliers in other tokens.
        let largest = graph.add(
            "ReduceMax", graph.add("Abs", x),
            attributes: ["axes": .ints([-1]), "keepdims": .int(1)])
        let scales = graph.add(
            "Div", graph.add("Max", largest, graph.constant(float: 1e-30)),
            graph.constant(float: 127))
        // QuantizeLinear wants scales and zero points in one dimension, those of the rows of a matrix.
        let rowScales = graph.add("Reshape", scales, graph.constant([-1]))
        let zeroPoints = graph.add(
            "Expand", graph.constant(byte: Self.zeroPoint), graph.add("Shape", rowScales))
        let rows = graph.add(
            "QuantizeLinear", graph.add("Flatten", x, attributes: ["axis": .int(2)]), rowScales,
            zeroPoints, attributes: ["axis": .int(0)])
        return .quantized(graph.add("Reshape", rows, graph.add("Shape", x)), scales: scales)
    }

    /// What stands for 0 in activations: unsigned ones are multiplied fastest.
    private static let zeroPoint: UInt8 = 128

    /// x · weightᵀ + bias
    private func linear(_ x: Multiplicand, _ name: String) -> Value {
        let product: Value
        switch x {
        case .float(let x):
            product = graph.add("MatMul", x, weights.transposed("\(name).weight"))
        case .quantized(let x, let scales):
            let weight = weights.quantizedTransposed("\(name).weight")
            let whole = graph.add(
                "MatMulInteger", x, weight.matrix, graph.constant(byte: Self.zeroPoint))
            product = graph.add(
                "Mul", graph.add("Mul", float(whole), scales), weight.scales)
        }
        return graph.add("Add", product, weights.array("\(name).bias"))
    }
}
