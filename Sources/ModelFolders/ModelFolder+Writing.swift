import Foundation
import JSON
import NeuralNetwork
import Serialization

extension ModelFolder {
    /// The file that has the digests of the others.
    package static let manifestName = "simile-manifest.json"

    /// Whether a file is one of those that models are written as, by its path inside the model's folder.
    public static func isWritten(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        if parts.count == 1 {
            return [
                "config.json", "config_sentence_transformers.json", "model.safetensors",
                "modules.json", "README.md", "sentence_bert_config.json", manifestName,
                "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
            ].contains(path)
        }
        if path == "onnx/model.onnx" { return true }
        let module = parts[0].drop { $0.isNumber }
        return parts.count == 2
            && ["_Pooling", "_Dense", "_Normalize", "_Dropout"].contains(module)
            && ["config.json", "model.safetensors"].contains(parts[1])
    }

    /// Writes the description in sentence-transformers' legacy layout, which every reader understands.
    ///
    /// Equal descriptions make equal bytes.
    ///
    /// - Parameter architecture: The class of transformers that has the arrays of the encoder's file.
    /// - Throws: `SerializationError.unwritable`.
    public func write(to folder: URL, architecture: String = "BertModel") throws {
        let c = configuration
        try write(
            [
                "architectures": [.string(architecture)],
                "attention_probs_dropout_prob": .float(c.attentionDropout),
                "hidden_act": .string(c.hiddenActivation.rawValue),
                "hidden_dropout_prob": .float(c.hiddenDropout),
                "hidden_size": .integer(c.hiddenSize),
                "initializer_range": .float(c.initializerRange),
                "intermediate_size": .integer(c.intermediateSize),
                "layer_norm_eps": .float(c.layerNormEpsilon),
                "max_position_embeddings": .integer(c.maxPositionEmbeddings),
                "model_type": "bert",
                "num_attention_heads": .integer(c.headCount),
                "num_hidden_layers": .integer(c.layerCount),
                "pad_token_id": 0, "position_embedding_type": "absolute",
                "torch_dtype": "float32",
                "type_vocab_size": .integer(c.typeVocabularySize),
                "vocab_size": .integer(c.vocabularySize),
            ], to: folder, "config.json")
        let paths = Self.paths(of: modules)
        let entries =
            [("", "Transformer"), ("1_Pooling", "Pooling")] + zip(paths, modules.map(\.kind))
        try write(
            .array(
                entries.enumerated().map { index, module in
                    [
                        "idx": .integer(index), "name": .string("\(index)"),
                        "path": .string(module.0),
                        "type": .string("sentence_transformers.models.\(module.1)"),
                    ]
                }), to: folder, "modules.json")
        try write(settings.json, to: folder, "config_sentence_transformers.json")
        try write(
            ["max_seq_length": .integer(maxSequenceLength), "do_lower_case": false],
            to: folder, "sentence_bert_config.json")

        let pooling = folder.appending(path: "1_Pooling")
        try AtomicFolder.make(pooling)
        // The first four flags are in every version; the others only where they are on.
        let always: [PoolingMode] = [.cls, .mean, .max, .meanSqrtLength]
        let flags = always + poolingModes.filter { !always.contains($0) }
        let width = JSONValue.Member("word_embedding_dimension", .integer(c.hiddenSize))
        let members = flags.map {
            JSONValue.Member($0.legacyKey, .bool(poolingModes.contains($0)))
        }
        // Versions before 2.4 do not know the key, and refuse it.
        let prompt = poolsPrompt ? [] : [JSONValue.Member("include_prompt", false)]
        try write(.object([width] + members + prompt), to: pooling, "config.json")
        for (path, module) in zip(paths, modules) {
            let subfolder = folder.appending(path: path)
            try AtomicFolder.make(subfolder)
            switch module {
            case .dense(let layer):
                try write(
                    [
                        "in_features": .integer(layer.inputs),
                        "out_features": .integer(layer.outputs), "bias": .bool(layer.hasBias),
                        "activation_function": .string(layer.activation.pythonName),
                    ], to: subfolder, "config.json")
            case .dropout(let probability):
                try write(["dropout": .float(probability)], to: subfolder, "config.json")
            case .normalize: break
            }
        }
    }

    private func write(_ value: JSONValue, to folder: URL, _ name: String) throws {
        try write(value.text, to: folder, name)
    }

    private func write(_ text: String, to folder: URL, _ name: String) throws {
        try AtomicFile.write(Data(text.utf8), to: folder.appending(path: name))
    }
}
