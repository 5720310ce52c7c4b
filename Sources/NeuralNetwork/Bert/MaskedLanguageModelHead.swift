import Tensors

/// What predicts a token from its hidden state: dense, activation, LayerNorm, and a product with the word embeddings.
///
/// Devlin et al. 2019, arXiv:1810.04805, with the names of Hugging Face's `BertForMaskedLM`: `cls.predictions.bias`,
/// `cls.predictions.transform.dense.weight` and so on. The word embeddings are the encoder's, trained from both ends.
public struct MaskedLanguageModelHead {
    private let dense: Linear
    private let norm: LayerNorm
    private let bias: Parameter
    private let words: Parameter
    private let activation: HiddenActivation.Function

    /// The parameters, without the word embeddings.
    public var parameters: [Parameter] {
        [dense.weight, dense.bias, norm.weight, norm.bias, bias]
    }

    /// The shape of each array, by its name.
    public static func shapes(_ configuration: BertConfiguration) -> [String: [Int]] {
        let hidden = configuration.hiddenSize
        return [
            "cls.predictions.bias": [configuration.vocabularySize],
            "cls.predictions.transform.dense.weight": [hidden, hidden],
            "cls.predictions.transform.dense.bias": [hidden],
            "cls.predictions.transform.LayerNorm.weight": [hidden],
            "cls.predictions.transform.LayerNorm.bias": [hidden],
        ]
    }

    /// Creates the head of an encoder with the parameters of `scope`.
    ///
    /// - Parameters:
    ///   - words: The encoder's word embeddings: [vocabulary, hidden].
    ///   - other: The head whose values it begins with, where they are not read; tokens that this one lacks begin as
    ///     likely as its average one. nil for random values.
    public init(
        _ configuration: BertConfiguration, words: Parameter, in scope: ParameterScope,
        startingWith other: MaskedLanguageModelHead? = nil
    ) {
        func initial(_ parameter: Parameter?, or usual: Initializer) -> Initializer {
            parameter.map { .fixed($0.tensor.values) } ?? usual
        }
        let hidden = configuration.hiddenSize
        let predictions = scope / "cls" / "predictions"
        dense = Linear(
            hidden, hidden, in: predictions / "transform" / "dense",
            weight: initial(
                other?.dense.weight,
                or: .normal(standardDeviation: configuration.initializerRange)),
            bias: initial(other?.dense.bias, or: .zeros))
        norm = LayerNorm(
            hidden, epsilon: configuration.layerNormEpsilon,
            in: predictions / "transform" / "LayerNorm",
            weight: initial(other?.norm.weight, or: .ones),
            bias: initial(other?.norm.bias, or: .zeros))
        bias = predictions.parameter(
            "bias", [configuration.vocabularySize],
            other.map { .fixed($0.biases(count: configuration.vocabularySize)) } ?? .zeros)
        self.words = words
        activation = configuration.hiddenActivation.function
    }

    /// The score of each token of the vocabulary: [rows, hidden] to [rows, vocabulary].
    public func callAsFunction(_ hidden: Tensor) -> Tensor {
        norm(activation(dense(hidden))).linear(weight: words, bias: bias)
    }

    private func biases(count: Int) -> [Float] {
        let values = bias.tensor.values
        let mean = values.reduce(0, +) / Float(max(values.count, 1))
        return Array(values.prefix(count))
            + Array(repeating: mean, count: max(0, count - values.count))
    }
}
