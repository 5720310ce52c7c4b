import Foundation
import ONNX

/// How an ONNX model stores and multiplies its matrices.
public enum ONNXPrecision: Sendable {
    /// 32-bit floating-point numbers: the same embeddings but for rounding.
    case float
    /// 8-bit whole numbers: a quarter of the size, with embeddings that differ a little.
    ///
    /// Weights have a scale for each output (for each token in the word embeddings); what they are
    /// multiplied by is quantised when the model runs, with a scale for each token, so that an embedding does
    /// not depend on the sentences beside it.
    case int8
}

extension SentenceTransformer {
    /// Writes the model, with its pooling, dense layers and normalisation, as one ONNX file.
    ///
    /// Inputs, 64-bit integers [batch, sequence]: `input_ids`, `attention_mask` (1 for tokens, 0 for
    /// padding) and `token_type_ids` (0). Outputs: `last_hidden_state` [batch, sequence, hidden] and
    /// `sentence_embedding` [batch, dimension]. A sequence has at most as many tokens as the model has
    /// positions. The operators are those of version 17; the tokenizer is not part of the file.
    ///
    /// - Throws: `NonFiniteError` or `ModelError` when a weight or an embedding is not finite; `ONNXError` above protobuf's limit of 2 GB;
    ///   `SerializationError` when the file cannot be written. What was at `url` is then unchanged.
    public func writeONNX(to url: URL, precision: ONNXPrecision = .float) throws {
        try requireFinite()
        let modes = pooling.modes.map(\.rawValue).joined(separator: ", ")
        try onnxGraph(precision).write(
            to: url,
            description:
                "Sentence embeddings: BERT, \(modes) pooling\(normalizes ? ", normalised" : "")\(embeddingDimension < wholeDimension ? ", the first \(embeddingDimension) numbers" : "")"
        )
    }

    private func onnxGraph(_ precision: ONNXPrecision) -> ONNXGraph {
        let graph = ONNXGraph(name: "sentence_transformer")
        let ids = graph.input("input_ids", .int64, ["batch", "sequence"])
        let attention = graph.input("attention_mask", .int64, ["batch", "sequence"])
        let types = graph.input("token_type_ids", .int64, ["batch", "sequence"])
        let mask = graph.add(
            "Cast", attention, attributes: ["to": .int(ONNXElement.float.code)])

        let weights = ONNXWeights(graph: graph, arrays: NamedArrays(self))
        let encoder = ONNXBert(
            graph: graph, configuration: bert.configuration, weights: weights,
            isQuantized: precision == .int8)
        let tokens = encoder(ids: ids, types: types, mask: mask)
        let toSentence = ONNXPooling(graph: graph, mask: mask)
        var sentence = toSentence(tokens, pooling.modes)
        var denseCount = 0
        for module in modules {
            switch module {
            case .dense(let layer):
                sentence = ONNXDense(graph: graph, weights: weights)(
                    sentence, layer, prefix: ModuleWeights.prefix(denseCount))
                denseCount += 1
            case .normalize: sentence = toSentence.normalize(sentence)
            case .dropout: break  // acts in training only
            }
        }
        if embeddingDimension < wholeDimension {
            sentence = toSentence.truncated(sentence, to: embeddingDimension)
        }

        // optimum, and sentence-transformers with it, asks for this name.
        graph.output(
            tokens, as: "last_hidden_state", .float,
            ["batch", "sequence", .fixed(bert.configuration.hiddenSize)])
        graph.output(
            sentence, as: "sentence_embedding", .float, ["batch", .fixed(embeddingDimension)])
        return graph
    }
}
