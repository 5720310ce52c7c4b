import Foundation

/// The path nearest to a misspelt one, part by part; nil when there is none within reach of `closestName`.
package func closestPath(to path: String) -> String? {
    var parts = path.split(separator: "/").map(String.init)
    var found = path.hasPrefix("/") ? "/" : ""
    var isChanged = false
    while let part = parts.first {
        parts.removeFirst()
        let files = FileManager.default
        if files.fileExists(atPath: found + part) {
            found += part + "/"
            continue
        }
        let names = (try? files.contentsOfDirectory(atPath: found.isEmpty ? "." : found)) ?? []
        let wanted = names.filter { $0.hasPrefix(".") == part.hasPrefix(".") }.sorted()
        guard let name = closestName(to: part, among: wanted) else { return nil }
        found += name + "/"
        isChanged = true
    }
    return isChanged ? String(found.dropLast()) : nil
}
