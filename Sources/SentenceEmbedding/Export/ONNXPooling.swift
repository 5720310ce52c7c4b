import ModelFolders
import ONNX
import Serialization

/// Token vectors to sentence vectors in ONNX's operators.
struct ONNXPooling {
    typealias Value = ONNXGraph.Value

    let graph: ONNXGraph
    /// 1 for tokens, 0 for padding: [batch, sequence].
    let mask: Value

    /// The results of the modes side by side: [batch, hidden · modes].
    func callAsFunction(_ tokens: Value, _ modes: [PoolingMode]) -> Value {
        let pooled = modes.map { mode in
            switch mode {
            case .cls: first(tokens)
            case .max: largest(tokens)
            case .mean: sum(tokens, weights: quotient(mask, total(mask)))
            case .meanSqrtLength:
                sum(tokens, weights: quotient(mask, graph.add("Sqrt", total(mask))))
            case .weightedMean:
                sum(tokens, weights: quotient(numbered, total(numbered)))
            case .lastToken: sum(tokens, weights: last)
            }
        }
        if pooled.count == 1 { return pooled[0] }
        return graph.add(
            "Concat", pooled, outputs: ["joined_poolings"], ["axis": .int(1)])[0]
    }

    /// Vectors scaled to length 1: [batch, dimension].
    func normalize(_ x: Value) -> Value {
        let length = graph.add(
            "ReduceL2", x, attributes: ["axes": .ints([-1]), "keepdims": .int(1)])
        return graph.add("Div", x, graph.add("Max", length, graph.constant(float: 1e-12)))
    }

    /// The first numbers of each vector: [batch, dimension].
    func truncated(_ x: Value, to dimension: Int) -> Value {
        graph.add(
            "Slice", x, graph.constant([0]), graph.constant([dimension]), graph.constant([1]))
    }

    private func first(_ tokens: Value) -> Value {
        let row = graph.add(
            "Slice", tokens, graph.constant([0]), graph.constant([1]), graph.constant([1]))
        return graph.add("Squeeze", row, graph.constant([1]))
    }

    private func largest(_ tokens: Value) -> Value {
        let isToken = graph.add("Greater", column(mask), graph.constant(float: 0))
        let shown = graph.add(
            "Where", isToken, tokens, graph.constant(float: -Float.greatestFiniteMagnitude))
        return graph.add("ReduceMax", shown, attributes: ["axes": .ints([1]), "keepdims": .int(0)])
    }

    /// The sum of token vectors with `weights`, [batch, sequence], as a product of matrices.
    private func sum(_ tokens: Value, weights: Value) -> Value {
        let row = graph.add("Unsqueeze", weights, graph.constant([1]))
        return graph.add("Squeeze", graph.add("MatMul", row, tokens), graph.constant([1]))
    }

    /// 1, 2, 3, ... for tokens, 0 for padding.
    private var numbered: Value { graph.add("Mul", counted, mask) }

    /// 1 for the last token, 0 elsewhere.
    private var last: Value {
        let isLast = graph.add("Equal", numbered, total(mask))
        return graph.add("Cast", isLast, attributes: ["to": .int(ONNXElement.float.code)])
    }

    /// How many tokens there are up to each place.
    private var counted: Value { graph.add("CumSum", mask, graph.constant(1)) }

    /// The sum of each row, but above 0: [batch, 1].
    private func total(_ weights: Value) -> Value {
        let sum = graph.add(
            "ReduceSum", weights, graph.constant([1]), attributes: ["keepdims": .int(1)])
        return graph.add("Max", sum, graph.constant(float: 1e-9))
    }

    private func quotient(_ x: Value, _ y: Value) -> Value { graph.add("Div", x, y) }

    private func column(_ x: Value) -> Value { graph.add("Unsqueeze", x, graph.constant([2])) }
}
