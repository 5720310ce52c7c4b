import ModelLayout
import Serialization

/// Some of a file's arrays under other names.
struct RenamedWeights: WeightReader {
    let names: [String]
    private let file: any WeightReader
    private let originals: [String: String]

    /// The arrays called `names`, each of which `originals` gives its name in the file.
    init(_ file: any WeightReader, names: [String], originals: [String: String]) {
        (self.file, self.names, self.originals) = (file, names, originals)
    }

    var source: String { file.source }
    func shape(of name: String) -> [Int]? { originals[name].flatMap(file.shape) }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let original = originals[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        try file.read(original, into: &buffer)
    }
}
