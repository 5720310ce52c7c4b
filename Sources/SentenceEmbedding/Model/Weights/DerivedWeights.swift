import ModelLayout
import NeuralNetwork
import Tensors
import Tokenization

/// The parameters of a model as those of another: some under other names, some with other values, some left out.
struct DerivedWeights: WeightReader {
    let source = "another model"
    let names: [String]
    private let old: ParameterWeights
    /// The old name of each new one.
    private let origins: [String: String]
    private let replaced: [String: (shape: [Int], values: [Float])]

    /// The arrays of a model, its adapters merged; `rename` gives the new name of each, or nil when it is left out.
    init(
        _ model: SentenceTransformer,
        replacing replaced: [String: (shape: [Int], values: [Float])] = [:],
        rename: (String) -> String? = { $0 }
    ) {
        old = ParameterWeights(model)
        self.replaced = replaced
        let pairs = old.names.compactMap { name in rename(name).map { ($0, name) } }
        names = pairs.map(\.0)
        origins = Dictionary(uniqueKeysWithValues: pairs)
    }

    func shape(of name: String) -> [Int]? {
        replaced[name]?.shape ?? origins[name].flatMap(old.shape)
    }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        if let values = replaced[name]?.values {
            for i in values.indices { buffer[i] = values[i] }
        } else if let origin = origins[name] {
            try old.read(origin, into: &buffer)
        }
    }
}

extension SentenceTransformer {
    /// What is said of a model that was made from one with a head.
    static let noHead =
        "the head that predicts tokens is left out: masked language modelling begins with a new one"
    static let wordEmbeddings = "embeddings.word_embeddings.weight"

    /// The values of an array, adapters merged; it must be there.
    func values(of name: String) throws -> (shape: [Int], values: [Float]) {
        guard let array = arrays.first(where: { $0.name == name }) else {
            preconditionFailure("the model has no array \(name)")
        }
        var values: [Float] = []
        try array.withValues { span in values = span.withUnsafeBufferPointer { Array($0) } }
        return (array.shape, values)
    }

    /// A model with this one's pooling, modules, settings, prompt and maximal length, and weights made from its own.
    ///
    /// - Parameter keepsHead: Whether the head that predicts tokens fits it too; otherwise it is left out, and its notes
    ///   say so.
    func derived(
        _ configuration: BertConfiguration, tokenizer: BertTokenizer, _ weights: DerivedWeights,
        keepsHead: Bool = false
    ) throws -> SentenceTransformer {
        let model = try SentenceTransformer(
            configuration, tokenizer: tokenizer, pooling: pooling, modules: modules,
            settings: truncatedSettings, maxSequenceLength: maxSequenceLength,
            source: .weights(weights))
        try model.setPrompt(prompt)
        model.notes = notes
        if keepsHead {
            model.copyHead(of: self)
        } else if languageModelHead != nil {
            model.notes.append(Self.noHead)
        }
        return model
    }
}
