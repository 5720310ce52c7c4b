import ModelFolders
import ModelLayout
import NeuralNetwork
import Serialization
import Tensors

/// A dense layer between pooling and normalisation: `activation(x · weightᵀ + bias)`.
///
/// It often makes embeddings shorter, and is trained with the rest.
public struct Dense {
    /// The layer's shape and activation.
    public let configuration: DenseConfiguration
    private let weight: Parameter
    private let bias: Parameter?

    /// Creates a layer; without weights it starts as PyTorch's `Linear` does, uniform in ±1 / √inputs.
    init(_ configuration: DenseConfiguration, in scope: ParameterScope) {
        let (inputs, outputs) = (configuration.inputs, configuration.outputs)
        let uniform = Initializer.uniform(bound: 1 / Float(inputs).squareRoot())
        self.configuration = configuration
        weight = scope.parameter("weight", [outputs, inputs], uniform)
        bias = configuration.hasBias ? scope.parameter("bias", [outputs], uniform) : nil
    }

    /// [sequences, inputs] to [sequences, outputs]
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = x.linear(weight: weight, bias: bias)
        return switch configuration.activation {
        case .tanh: y.tanh()
        case .identity: y
        case .relu: y.relu()
        case .gelu: y.gelu()
        case .sigmoid: y.sigmoid()
        }
    }
}

/// The weights of the encoder and of the dense layers, which lie in files of their own.
///
/// A layer's arrays have its name before theirs: `2_Dense.linear.weight`.
struct ModuleWeights: WeightReader {
    let source: String
    let names: [String]
    private let encoder: any WeightReader
    private let dense: [(prefix: String, file: any WeightReader)]

    /// Joins the files; `dense` are those of the layers in order.
    init(encoder: any WeightReader, dense files: [any WeightReader]) {
        self.encoder = encoder
        dense = files.enumerated().map { (Self.prefix($0.offset), $0.element) }
        source = ([encoder.source] + files.map(\.source)).joined(separator: ", ")
        names =
            encoder.names + dense.flatMap { layer in layer.file.names.map { layer.prefix + $0 } }
    }

    /// What the layer at `index`, from 0, is called in models: `2_Dense` is the first, as in sentence-transformers when
    /// nothing but the encoder and the pooling comes before it.
    static func name(_ index: Int) -> String { "\(index + 2)_Dense" }

    /// What the names of a layer's arrays begin with.
    static func prefix(_ index: Int) -> String { name(index) + "." }

    func shape(of name: String) -> [Int]? {
        let (file, name) = place(name)
        return file.shape(of: name)
    }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        let (file, name) = place(name)
        try file.read(name, into: &buffer)
    }

    private func place(_ name: String) -> (file: any WeightReader, name: String) {
        for (prefix, file) in dense where name.hasPrefix(prefix) {
            return (file, String(name.dropFirst(prefix.count)))
        }
        return (encoder, name)
    }
}
