import ModelLayout
import NeuralNetwork
import Serialization

/// A file's arrays under the names of Hugging Face's `BertModel`, whatever wrote the file.
///
/// The prefixes of task models (`bert.`) and of training dumps are dropped, the `gamma` and `beta` of early
/// LayerNorms renamed, and what is no part of an encoder is left out. `pooler.*` stays. DistilBERT's names are
/// translated, and it has token types of zeros.
public struct BertWeights: WeightReader {
    /// The names in the file that are no part of the encoder: the heads of task models.
    public let heads: [String]
    /// The canonical names, in the file's order.
    public let names: [String]
    private let arrays: RenamedWeights
    /// The shape of the token types, when they are zeros that are not in the file.
    private var zeros: [Int]?

    private static let tokenTypes = "embeddings.token_type_embeddings.weight"

    /// Wraps a file with an encoder of a kind.
    ///
    /// - Throws: `SerializationError.malformed` when two names in the file mean the same array.
    public init(_ file: any WeightReader, of encoder: EncoderKind = .bert)
        throws(SerializationError)
    {
        var (names, heads, originals): ([String], [String], [String: String]) = ([], [], [:])
        for name in file.names {
            let canonical = Self.canonical(name, of: encoder)
            if Self.counters.contains(canonical) { continue }
            guard Self.parts.contains(where: canonical.hasPrefix) else {
                heads.append(name)
                continue
            }
            if let other = originals[canonical] {
                throw .malformed(
                    path: file.source, problem: "\(other) and \(name) are both \(canonical)")
            }
            originals[canonical] = name
            names.append(canonical)
        }
        if encoder == .distilbert, originals[Self.tokenTypes] == nil,
            let words = originals["embeddings.word_embeddings.weight"].flatMap(file.shape)
        {
            zeros = [1, words.last ?? 0]
            names.append(Self.tokenTypes)
        }
        (self.names, self.heads) = (names, heads)
        arrays = RenamedWeights(file, names: names, originals: originals)
    }

    /// The file's path.
    public var source: String { arrays.source }

    /// The shape stored under a canonical name.
    public func shape(of name: String) -> [Int]? {
        arrays.shape(of: name) ?? (name == Self.tokenTypes ? zeros : nil)
    }

    /// Fills `buffer` with the array that has a canonical name.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        if zeros != nil, name == Self.tokenTypes {
            for i in buffer.indices { buffer[i] = 0 }
            return
        }
        try arrays.read(name, into: &buffer)
    }

    /// What the names of an encoder's arrays begin with, DistilBERT's among them that have no translation. One of
    /// these that the model has no place for is an error: the file is of another model.
    private static let parts = ["embeddings.", "encoder.", "pooler.", "transformer."]

    /// Arrays of 0, 1, 2, ... and of zeros, which some versions of transformers wrote.
    private static let counters = ["embeddings.position_ids", "embeddings.token_type_ids"]

    /// The name in `BertModel`, of what is part of it.
    static func canonical(_ name: String, of encoder: EncoderKind) -> String {
        var name = name
        for prefix in ["0.auto_model.", "model.", "\(encoder.rawValue)."]
        where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        if encoder == .distilbert { return fromDistilBert(name) }
        for (old, new) in [
            ("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"),
        ]
        where name.hasSuffix(old) {
            name = name.dropLast(old.count) + new
        }
        return name
    }

    /// `transformer.layer.3.ffn.lin1.weight` is `encoder.layer.3.intermediate.dense.weight`.
    private static func fromDistilBert(_ name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 3).map(String.init)
        guard parts.count == 4, parts[0] == "transformer", parts[1] == "layer",
            let dot = parts[3].lastIndex(of: "."),
            let part = [
                "attention.q_lin": "attention.self.query",
                "attention.k_lin": "attention.self.key",
                "attention.v_lin": "attention.self.value",
                "attention.out_lin": "attention.output.dense",
                "sa_layer_norm": "attention.output.LayerNorm",
                "ffn.lin1": "intermediate.dense", "ffn.lin2": "output.dense",
                "output_layer_norm": "output.LayerNorm",
            ][String(parts[3][..<dot])]
        else { return name }
        return "encoder.layer.\(parts[2]).\(part)\(parts[3][dot...])"
    }
}
