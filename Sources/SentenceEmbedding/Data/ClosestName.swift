import Foundation

/// The candidate nearest to a misspelt name by edit distance; nil when none is within two fifths of
/// the name's length (at least 2), regardless of case.
package func closestName(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let wanted = Array(name.lowercased())
    let limit = max(2, wanted.count * 2 / 5)
    let scored = candidates.filter { $0.utf8.count <= 64 }
        .map { (distance: editDistance(wanted, Array($0.lowercased())), name: $0) }
    guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= limit && best.distance < wanted.count ? best.name : nil
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var current = [i + 1]
        for (j, y) in b.enumerated() {
            current.append(
                min(previous[j] + (x == y ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
        }
        previous = current
    }
    return previous[b.count]
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
