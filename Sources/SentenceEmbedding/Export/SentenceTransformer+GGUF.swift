import Foundation
import Serialization
import Tokenization

extension SentenceTransformer {
    /// Writes the model for llama.cpp (GGUF, architecture "bert"), vocabulary and pooling included.
    ///
    /// Biases, LayerNorms, position and type embeddings are stored as f32 whatever `type` is; so are, with
    /// q8_0, as f16, matrices whose rows are no multiple of 32. Whether embeddings are normalised is not part
    /// of the format: llama.cpp's programs do so by default. A cased vocabulary needs a llama.cpp
    /// of June 2026 or later: before, it lowercased every text.
    ///
    /// - Throws: `NonFiniteError` or `ModelError` when a weight or an embedding is not finite; `GGUFError` for what llama.cpp cannot do or a
    ///   weight that does not fit `type`; `SerializationError` when the file cannot be written. What was at
    ///   `url` is then unchanged.
    public func writeGGUF(to url: URL, type: GGUFTensorType = .f32) throws {
        try requireFinite()
        var file = GGUFFile()
        file.metadata = try ggufMetadata(type, path: url.path)
        file.tensors = ggufTensors(type)
        try file.write(to: url)
    }

    private func ggufMetadata(
        _ type: GGUFTensorType, path: String
    ) throws(GGUFError) -> [(key: String, value: GGUFValue)] {
        let c = bert.configuration
        guard c.hiddenActivation.function == .gelu else {
            throw .notInLlamaCpp(
                path: path, setting: "hidden_act", found: c.hiddenActivation.rawValue,
                supported: "gelu")
        }
        let fileType: UInt32 =
            switch type {
            case .f32: 0
            case .f16: 1
            case .q8: 7
            }
        return [
            ("general.architecture", .string("bert")), ("general.type", .string("model")),
            ("general.file_type", .uint32(fileType)),
            ("general.quantization_version", .uint32(2)),
            ("bert.block_count", .uint32(UInt32(c.layerCount))),
            ("bert.context_length", .uint32(UInt32(c.maxPositionEmbeddings))),
            ("bert.embedding_length", .uint32(UInt32(c.hiddenSize))),
            ("bert.feed_forward_length", .uint32(UInt32(c.intermediateSize))),
            ("bert.attention.head_count", .uint32(UInt32(c.headCount))),
            ("bert.attention.layer_norm_epsilon", .float32(c.layerNormEpsilon)),
            ("bert.attention.causal", .bool(false)),
            ("bert.pooling_type", .uint32(try ggufPooling(path: path))),
            ("tokenizer.ggml.token_type_count", .uint32(UInt32(c.typeVocabularySize))),
        ]
            + (try GGUFVocabulary(tokenizer, rows: c.vocabularySize, path: path).metadata)
    }

    private func ggufPooling(path: String) throws(GGUFError) -> UInt32 {
        if !dense.isEmpty {
            throw .notInLlamaCpp(
                path: path, setting: "the model after pooling", found: "a dense layer",
                supported: "no dense layers")
        }
        switch pooling.modes {
        case [.mean]: return 1
        case [.cls]: return 2
        case [.lastToken]: return 3
        default:
            throw .notInLlamaCpp(
                path: path, setting: "the pooling",
                found: pooling.modes.map(\.rawValue).joined(separator: " + "),
                supported: "mean, cls and lasttoken, one at a time")
        }
    }

    private func ggufTensors(_ type: GGUFTensorType) -> [GGUFFile.Tensor] {
        let arrays = NamedArrays(self)
        /// The array in its shape of the file, under the name that llama.cpp knows it by.
        func tensor(_ name: String, _ newName: String, _ type: GGUFTensorType) -> GGUFFile.Tensor {
            let array = arrays[name]
            let fits = array.shape.last.map { $0 % type.blockLength == 0 } ?? false
            return GGUFFile.Tensor(
                OutgoingArray(name: newName, shape: array.shape, withValues: array.withValues),
                fits ? type : .f16)
        }
        func pair(_ name: String, _ newName: String, _ type: GGUFTensorType) -> [GGUFFile.Tensor] {
            [
                tensor("\(name).weight", "\(newName).weight", type),
                tensor("\(name).bias", "\(newName).bias", .f32),
            ]
        }
        var tensors = [
            tensor("embeddings.word_embeddings.weight", "token_embd.weight", type),
            tensor("embeddings.position_embeddings.weight", "position_embd.weight", .f32),
            tensor("embeddings.token_type_embeddings.weight", "token_types.weight", .f32),
        ]
        tensors += pair("embeddings.LayerNorm", "token_embd_norm", .f32)
        for index in 0..<bert.configuration.layerCount {
            let (layer, block) = ("encoder.layer.\(index)", "blk.\(index)")
            for (name, newName) in [
                ("attention.self.query", "attn_q"), ("attention.self.key", "attn_k"),
                ("attention.self.value", "attn_v"), ("attention.output.dense", "attn_output"),
                ("intermediate.dense", "ffn_up"), ("output.dense", "ffn_down"),
            ] {
                tensors += pair("\(layer).\(name)", "\(block).\(newName)", type)
            }
            for (name, newName) in [
                ("attention.output.LayerNorm", "attn_output_norm"),
                ("output.LayerNorm", "layer_output_norm"),
            ] {
                tensors += pair("\(layer).\(name)", "\(block).\(newName)", .f32)
            }
        }
        return tensors
    }
}
