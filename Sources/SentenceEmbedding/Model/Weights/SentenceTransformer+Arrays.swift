import NeuralNetwork
import Serialization
import Tensors

extension Parameter {
    /// Each part under its name, to be written.
    var arrays: [OutgoingArray] {
        parts.map { part in
            OutgoingArray(name: part.name, shape: part.shape.array) { body in
                try self.withValues(of: part, body)
            }
        }
    }
}

extension [OutgoingArray] {
    /// Those that have a name in a file, under it.
    func named(_ name: (String) -> String?) -> [OutgoingArray] {
        compactMap { array in
            name(array.name).map {
                OutgoingArray(name: $0, shape: array.shape, withValues: array.withValues)
            }
        }
    }
}

extension SentenceTransformer {
    /// Every array of the model under its name, to be written or copied: adapters are merged into the weights that they
    /// belong to.
    var arrays: [OutgoingArray] {
        parameters.flatMap { parameter in
            parameter.parts.map { part in
                OutgoingArray(name: part.name, shape: part.shape.array) { [adapters] body in
                    guard let adapter = adapters?.adapter(of: part) else {
                        return try parameter.withValues(of: part, body)
                    }
                    var merged = parameter.withValues(of: part) { values in
                        [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
                            for i in values.indices {
                                buffer.initializeElement(at: i, to: values[i])
                            }
                            count = values.count
                        }
                    }
                    var span = merged.mutableSpan
                    adapter.merge(into: &span)
                    try body(merged.span)
                }
            }
        }
    }
}

extension SentenceTransformer {
    /// Copies a model as it is now, its adapters merged.
    ///
    /// - Throws: `ModelError.promptTooLong`.
    public convenience init(copying model: SentenceTransformer) throws {
        try self.init(
            model.bert.configuration, tokenizer: model.tokenizer, pooling: model.pooling,
            modules: model.modules, settings: model.settings,
            maxSequenceLength: model.maxSequenceLength, source: .weights(ParameterWeights(model)))
        try truncateEmbeddings(to: model.embeddingDimension)
        try setPrompt(model.prompt)
        notes = model.notes
        encoder = model.encoder
        copyHead(of: model)
    }

    /// Takes a copy of the head that predicts tokens, if a model has one; tokens that it lacks begin with its mean bias.
    func copyHead(of model: SentenceTransformer) {
        languageModelHead = model.languageModelHead.map { head in
            MaskedLanguageModelHead(
                bert.configuration, words: bert.wordEmbeddings,
                in: ParameterStore(source: .random(seed: 0)).root, startingWith: head)
        }
    }
}
