import ModelLayout
import NeuralNetwork
import Serialization

/// A file's head for masked language models under the names of Hugging Face's `BertForMaskedLM`.
///
/// The `gamma` and `beta` of early LayerNorms are renamed, and DistilBERT's names translated.
public struct LanguageModelHeadWeights: WeightReader {
    /// The names in the file of what belongs to the head.
    public let originalNames: [String]
    private let arrays: RenamedWeights

    private static let decoder = "cls.predictions.decoder.weight"

    /// Wraps a file that has a whole head of the encoder's shape, tied to the word embeddings; nil for any other.
    ///
    /// - Parameter encoder: The encoder in the same file.
    /// - Throws: What reading throws.
    public init?(
        _ file: any WeightReader, encoder: BertWeights, of kind: EncoderKind,
        _ configuration: BertConfiguration
    ) throws {
        var originals: [String: String] = [:]
        for name in file.names { originals[Self.canonical(name, of: kind)] = name }
        let shapes = MaskedLanguageModelHead.shapes(configuration)
        for (name, shape) in shapes {
            guard let original = originals[name], file.shape(of: original) == shape else {
                return nil
            }
        }
        // Some files have the decoder twice: as itself and as the word embeddings.
        if let decoder = originals[Self.decoder] {
            let count = configuration.vocabularySize * configuration.hiddenSize
            guard
                file.shape(of: decoder) == [configuration.vocabularySize, configuration.hiddenSize]
            else { return nil }
            let own = try Self.values(file, decoder, count)
            let words = try Self.values(encoder, "embeddings.word_embeddings.weight", count)
            guard own == words else { return nil }
        }
        arrays = RenamedWeights(
            file, names: shapes.keys.sorted(),
            originals: originals.filter { shapes[$0.key] != nil })
        originalNames = originals.filter { $0.key.hasPrefix("cls.predictions.") }.map(\.value)
    }

    /// The canonical names.
    public var names: [String] { arrays.names }

    /// The file's path.
    public var source: String { arrays.source }

    /// The shape stored under a canonical name.
    public func shape(of name: String) -> [Int]? { arrays.shape(of: name) }

    /// Fills `buffer` with the array that has a canonical name.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try arrays.read(name, into: &buffer)
    }

    private static func values(
        _ file: any WeightReader, _ name: String, _ count: Int
    ) throws -> [Float] {
        var values = [Float](repeating: 0, count: count)
        var span = values.mutableSpan
        try file.read(name, into: &span)
        return values
    }

    private static func canonical(_ name: String, of kind: EncoderKind) -> String {
        var name = name
        let prefixes =
            kind == .distilbert
            ? [
                ("vocab_transform.", "cls.predictions.transform.dense."),
                ("vocab_layer_norm.", "cls.predictions.transform.LayerNorm."),
                ("vocab_projector.bias", "cls.predictions.bias"),
                ("vocab_projector.weight", decoder),
            ] : []
        for (old, new) in prefixes where name.hasPrefix(old) {
            name = new + name.dropFirst(old.count)
        }
        for (old, new) in [("gamma", "weight"), ("beta", "bias")]
        where name == "cls.predictions.transform.LayerNorm.\(old)" {
            name = name.dropLast(old.count) + new
        }
        return name
    }
}
