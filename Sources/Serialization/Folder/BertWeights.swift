import NeuralNetwork

/// A file's arrays under the names of Hugging Face's `BertModel`, whatever wrote the file.
///
/// The prefixes of task models (`bert.`) and of training dumps are dropped, the `gamma` and `beta` of early
/// LayerNorms renamed, and the heads of task models hidden. `pooler.*` stays.
public struct BertWeights: WeightReader {
    /// Names in the file that are not part of the encoder.
    public let ignored: [String]
    /// The canonical names, in the file's order.
    public let names: [String]
    private let file: any WeightReader
    private let originals: [String: String]

    /// Wraps a file.
    ///
    /// - Throws: `SerializationError.malformed` when two names in the file mean the same array.
    public init(_ file: any WeightReader) throws(SerializationError) {
        self.file = file
        var (names, ignored, originals): ([String], [String], [String: String]) = ([], [], [:])
        for name in file.names {
            guard let canonical = Self.canonical(name) else {
                ignored.append(name)
                continue
            }
            if let other = originals[canonical] {
                throw .malformed(
                    path: file.source, problem: "\(other) and \(name) are both \(canonical)")
            }
            originals[canonical] = name
            names.append(canonical)
        }
        (self.names, self.ignored, self.originals) = (names, ignored, originals)
    }

    /// The file's path.
    public var source: String { file.source }

    /// The shape stored under a canonical name.
    public func shape(of name: String) -> [Int]? { originals[name].flatMap { file.shape(of: $0) } }

    /// Fills `buffer` with the array that has a canonical name.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let original = originals[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        try file.read(original, into: &buffer)
    }

    /// The name in `BertModel`, or nil for what is not part of it.
    static func canonical(_ name: String) -> String? {
        var name = name
        for prefix in ["0.auto_model.", "model.", "bert."] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        let heads = ["cls.", "classifier.", "qa_outputs.", "dropout."]
        if name == "embeddings.position_ids" || heads.contains(where: name.hasPrefix) { return nil }
        for (old, new) in [
            ("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"),
        ]
        where name.hasSuffix(old) {
            name = name.dropLast(old.count) + new
        }
        return name
    }
}
