import Foundation

/// What a file of a run's folder holds, without what depends on the clock and on the memory.
package func contentsWithoutTimes(_ url: URL) throws -> String {
    let bytes = try Data(contentsOf: url)
    let lines = String(decoding: bytes, as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
    switch url.lastPathComponent {
    case "steps.csv":
        return lines.map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return [0, 1, 2, 3, 4, 5, 7].filter(fields.indices.contains).map { fields[$0] }
                .joined(separator: ",")
        }.joined(separator: "\n")
    case "results.json":
        return lines.filter {
            !$0.hasPrefix("  \"seconds\"") && !$0.hasPrefix("  \"memory_peak_mib\"")
        }.joined(separator: "\n")
    default: return bytes.base64EncodedString()
    }
}

/// The losses of the steps that a run's folder tells of, in order.
package func losses(ofRun folder: URL) throws -> [Double] {
    try String(contentsOf: folder.appending(path: "steps.csv"), encoding: .utf8)
        .split(separator: "\n").dropFirst().compactMap { Double($0.split(separator: ",")[1]) }
}
