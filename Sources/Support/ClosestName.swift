/// The candidate nearest to a misspelt name by edit distance, regardless of case; nil when none is
/// within two fifths of the name's length (at least 2 edits, at most 6).
///
/// Names of more than 200 bytes, and candidates after the first 1000, are left out: they would make a
/// message slow to build.
package func closestName(to name: String, among candidates: some Sequence<String>) -> String? {
    guard name.utf8.count <= 200 else { return nil }
    let wanted = Array(name.lowercased().unicodeScalars)
    let limit = min(max(2, wanted.count * 2 / 5), 6, wanted.count - 1)
    var best: (distance: Int, name: String)?
    for candidate in candidates.prefix(1000) where candidate.utf8.count <= 200 {
        let scalars = Array(candidate.lowercased().unicodeScalars)
        guard abs(scalars.count - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, scalars)
        if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.name
}

/// The fewest insertions, deletions and substitutions that make `b` of `a` (Levenshtein 1966).
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
        }
    }
    return row[b.count]
}
