import ModelFolders
import ONNX
import Serialization

/// The dense layers after pooling in ONNX's operators.
struct ONNXDense {
    let graph: ONNXGraph
    let weights: ONNXWeights

    /// activation(x · weightᵀ + bias), [batch, outputs]; `prefix` is what the layer's arrays begin with.
    func callAsFunction(
        _ x: ONNXGraph.Value, _ layer: DenseConfiguration, prefix: String
    ) -> ONNXGraph.Value {
        let name = prefix + "linear"
        var y = graph.add("MatMul", x, weights.transposed("\(name).weight"))
        if layer.hasBias { y = graph.add("Add", y, weights.array("\(name).bias")) }
        return switch layer.activation {
        case .tanh: graph.add("Tanh", y)
        case .identity: y
        case .relu: graph.add("Relu", y)
        case .gelu: graph.gelu(y)
        case .sigmoid: graph.add("Sigmoid", y)
        }
    }
}

extension ONNXGraph {
    /// x/2 · (1 + erf(x/√2))
    func gelu(_ x: Value) -> Value {
        let scaled = add("Div", x, constant(float: Float(2).squareRoot()))
        let cumulative = add("Add", add("Erf", scaled), constant(float: 1))
        return add("Mul", add("Mul", x, cumulative), constant(float: 0.5))
    }
}
