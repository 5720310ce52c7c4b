import ModelFolders
import NeuralNetwork
import Tensors

/// Smaller models that begin with what a larger one has, to be trained by its embeddings.
extension SentenceTransformer {
    /// A student with some of this model's layers, given by their numbers from 0 in rising order, and all else of it: with
    /// all layers, the same model.
    ///
    /// Sanh et al. 2019, "DistilBERT", arXiv:1910.01108, begin with every other layer.
    ///
    /// - Throws: `ConfigurationError` when there is no such layer, or they do not rise.
    public func student(layers: [Int]) throws -> SentenceTransformer {
        let count = bert.configuration.layerCount
        guard !layers.isEmpty, layers.allSatisfy((0..<count).contains),
            zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw ConfigurationError(
                key: "layers", found: layers.map(String.init).joined(separator: ","),
                expected: "numbers of 0...\(count - 1), rising")
        }
        var configuration = bert.configuration
        configuration.layerCount = layers.count
        let prefix = "encoder.layer."
        return try derived(
            configuration, tokenizer: tokenizer,
            DerivedWeights(self) { name in
                guard name.hasPrefix(prefix) else { return name }
                let rest = name.dropFirst(prefix.count)
                let number = rest.prefix(while: \.isNumber)
                return Int(number).flatMap(layers.firstIndex).map {
                    prefix + "\($0)" + rest.dropFirst(number.count)
                }
            })
    }

    /// A student of another shape with this model's tokenizer, pooling, settings and maximal length: its embeddings of
    /// words, positions and token types begin as this model's along the principal components of the words', its layers
    /// with random weights.
    ///
    /// Its embeddings are whole, whatever `truncate_dim` says of this model's. Dense layers are left out when they do not
    /// fit. The student's `notes` say so, and what else is different.
    ///
    /// - Throws: `ConfigurationError` when there is no such encoder, or its hidden size is above this model's.
    public func student(
        hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int, seed: UInt64 = 42
    ) throws -> SentenceTransformer {
        let own = bert.configuration
        guard (1...own.hiddenSize).contains(hiddenSize) else {
            throw ConfigurationError(
                key: "hidden_size", found: "\(hiddenSize)",
                expected: "1...\(own.hiddenSize), the teacher's")
        }
        var configuration = own
        configuration.hiddenSize = hiddenSize
        configuration.layerCount = layerCount
        configuration.headCount = headCount
        configuration.intermediateSize = intermediateSize
        let fits = hiddenSize == own.hiddenSize || dense.isEmpty
        let student = try SentenceTransformer(
            configuration, tokenizer: tokenizer, pooling: pooling,
            modules: fits
                ? modules : modules.filter { if case .dense = $0 { false } else { true } },
            settings: settings.truncating(to: nil), maxSequenceLength: maxSequenceLength,
            source: .random(seed: seed))
        try student.setPrompt(prompt)
        try student.projectEmbeddings(of: self)
        student.notes = notes
        let dimension = student.wholeDimension
        if dimension != embeddingDimension {
            student.notes.append(
                "embeddings have \(dimension) numbers, the teacher's \(embeddingDimension): teach it with "
                    + (dimension < embeddingDimension
                        ? "teacher_dimension \(dimension), or with " : "")
                    + "a loss that has projection_dim \(embeddingDimension)"
            )
        }
        if !fits {
            student.notes.append(
                "left out the teacher's dense layers, which take vectors of its hidden size, \(own.hiddenSize)"
            )
        }
        return student
    }

    /// Sets the embeddings, and the dense layers that both have, from a model's.
    private func projectEmbeddings(of teacher: SentenceTransformer) throws {
        let words = try teacher.values(of: Self.wordEmbeddings)
        let width = words.shape[1]
        func row(_ index: Int, of values: [Float]) -> [Float] {
            Array(values[index * width..<(index + 1) * width])
        }
        let components = PrincipalComponents(
            count: bert.configuration.hiddenSize, ofRows: words.shape[0], width: width
        ) { row($0, of: words.values) }
        for parameter in parameters {
            for part in parameter.parts {
                let isTable =
                    part.name.hasPrefix("embeddings.") && part.name.contains("_embeddings.")
                guard isTable || part.name.contains("_Dense.") else { continue }
                let old = try teacher.values(of: part.name)
                let new =
                    isTable
                    ? (0..<old.shape[0]).flatMap { components.project(row($0, of: old.values)) }
                    : old.values
                parameter.setValues(of: part) { values in
                    for i in new.indices { values[i] = new[i] }
                }
            }
        }
    }
}
