import Foundation
import ModelLayout
import Simile
import TestSupport
import Testing

/// Values computed by PyTorch, transformers, sentence-transformers and SciPy.
@Suite("Golden") struct Golden {
    static let folder = GoldenFolder.url

    /// all-MiniLM-L6-v2, from the folder that `SIMILE_MINILM` names.
    static let miniLM = ProcessInfo.processInfo.environment["SIMILE_MINILM"].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0)
    }
    static let needsMiniLM: Comment =
        "SIMILE_MINILM does not name the folder of all-MiniLM-L6-v2: `make minilm` fetches it"

    static func decode<Value: Decodable>(_ type: Value.Type, from file: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: file)))
    }

    /// Values within `tolerance` times `scale`, by default 1.
    static func expectClose(
        _ found: [Float], _ expected: [Float], tolerance: Float, scale: Float = 1, _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard found.count == expected.count else {
            Issue.record(
                "\(name): \(found.count) values, expected \(expected.count)",
                sourceLocation: sourceLocation)
            return
        }
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(
            worst <= tolerance * scale, "\(name): off by \(worst)", sourceLocation: sourceLocation)
    }
}

/// Some of a file's arrays, as a source of weights.
struct NamedWeights: WeightReader {
    let file: SafetensorsFile
    let names: [String]
    var source: String { file.source }
    func shape(of name: String) -> [Int]? { names.contains(name) ? file.shape(of: name) : nil }
    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try file.read(name, into: &buffer)
    }
}

extension SafetensorsFile {
    /// The arrays whose names match.
    func named(_ matches: (String) -> Bool) -> NamedWeights {
        NamedWeights(file: self, names: names.filter(matches))
    }

    /// An array's values.
    func values(_ name: String) throws -> [Float] {
        let dimensions = try #require(self.shape(of: name), "\(source) has no \(name)")
        var values = [Float](repeating: 0, count: dimensions.reduce(1, *))
        var span = values.mutableSpan
        try read(name, into: &span)
        return values
    }
}
