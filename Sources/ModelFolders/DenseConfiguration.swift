import NeuralNetwork
import Serialization

/// A dense layer after the pooling, `activation(x · weightᵀ + bias)`: sentence-transformers' `Dense`.
public struct DenseConfiguration: Codable, Sendable, Equatable {
    /// The function applied to each output.
    public enum Activation: String, Codable, CaseIterable, Sendable {
        /// The hyperbolic tangent.
        case tanh = "Tanh"
        /// None.
        case identity = "Identity"
        /// `max(x, 0)`
        case relu = "ReLU"
        /// `x · Φ(x)`
        case gelu = "GELU"
        /// `1 / (1 + e^−x)`
        case sigmoid = "Sigmoid"

        /// The class in PyTorch.
        var pythonName: String {
            "torch.nn.modules.\(self == .identity ? "linear" : "activation").\(rawValue)"
        }

        /// The activation that a `config.json` names, by its short or its full path in PyTorch.
        init?(pythonName: String) {
            guard pythonName.hasPrefix("torch.nn."),
                let name = pythonName.split(separator: ".").last
            else { return nil }
            self.init(rawValue: String(name))
        }
    }

    /// Width of the vectors that come in.
    public let inputs: Int
    /// Width of the vectors that go out.
    public let outputs: Int
    /// Whether there is a bias.
    public let hasBias: Bool
    /// The function applied to each output.
    public let activation: Activation

    enum CodingKeys: String, CodingKey {
        case inputs = "in_features"
        case outputs = "out_features"
        case hasBias = "bias"
        case activation = "activation_function"
    }

    /// Describes a layer.
    public init(
        inputs: Int, outputs: Int, hasBias: Bool = true, activation: Activation = .tanh
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.hasBias = hasBias
        self.activation = activation
    }

    /// Checks that the layer can follow one whose vectors are `width` wide.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate(width: Int) throws(ConfigurationError) {
        guard inputs == width else {
            throw ConfigurationError(
                key: CodingKeys.inputs.rawValue, found: "\(inputs)",
                expected: "\(width), the width of the module before")
        }
        // Far beyond any embedding, and small enough that no product with a width overflows.
        guard (1...1 << 16).contains(outputs) else {
            throw ConfigurationError(
                key: CodingKeys.outputs.rawValue, found: "\(outputs)", expected: "1...\(1 << 16)")
        }
    }

    /// Width of the vectors that leave the last of `layers`, which follow vectors of `width`.
    ///
    /// - Throws: `ConfigurationError` when a layer does not fit the one before it.
    public static func width(
        after layers: [DenseConfiguration], from width: Int
    ) throws(ConfigurationError) -> Int {
        var width = width
        for layer in layers {
            try layer.validate(width: width)
            width = layer.outputs
        }
        return width
    }
}
