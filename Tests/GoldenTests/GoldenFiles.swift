import Foundation
import Simile
import Testing

/// Values computed by PyTorch, transformers, sentence-transformers and SciPy.
///
/// They are read from `Tests/Golden`, or from the folder that `SIMILE_GOLDEN` names, of the same layout.
@Suite("Golden") struct Golden {
    static let folder =
        ProcessInfo.processInfo.environment["SIMILE_GOLDEN"].map { URL(filePath: $0) }
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    /// all-MiniLM-L6-v2, from the folder that `SIMILE_MINILM` names.
    static let miniLM = ProcessInfo.processInfo.environment["SIMILE_MINILM"].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0)
    }
    static let needsMiniLM: Comment =
        "SIMILE_MINILM does not name the folder of all-MiniLM-L6-v2: `make minilm` fetches it"

    static func decode<Value: Decodable>(_ type: Value.Type, from file: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: file)))
    }

    /// Values within `tolerance`, relative to the largest expected entry when `isRelative`.
    static func expectClose(
        _ found: [Float], _ expected: [Float], tolerance: Float, isRelative: Bool = false, _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard found.count == expected.count else {
            Issue.record("\(name): \(found.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
            return
        }
        let scale = isRelative ? max(expected.map(abs).max() ?? 1, .leastNormalMagnitude) : 1
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= tolerance * scale, "\(name): off by \(worst)", sourceLocation: sourceLocation)
    }
}
