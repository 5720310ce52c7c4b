/// Finds added tokens in a text: the leftmost first, of several there the longest.
struct AddedTokenMatcher: Sendable {
    private struct Pattern: Sendable {
        let bytes: [UInt8]
        let id: Int32
        let singleWord: Bool
    }

    struct Match {
        let range: Range<Int>
        let id: Int32
    }

    /// Patterns by their first byte, longest first; empty if there are none at all.
    private var patterns: [[Pattern]] = []

    /// Whether there is nothing to find.
    var isEmpty: Bool { patterns.isEmpty }

    /// Seeks the given texts; of equal ones the first counts, empty ones are never found.
    init(_ tokens: [(bytes: [UInt8], id: Int32, singleWord: Bool)]) {
        var seen: Set<[UInt8]> = []
        for token in tokens {
            guard let first = token.bytes.first, seen.insert(token.bytes).inserted else { continue }
            if patterns.isEmpty { patterns = [[Pattern]](repeating: [], count: 256) }
            patterns[Int(first)].append(
                Pattern(bytes: token.bytes, id: token.id, singleWord: token.singleWord))
        }
        for first in patterns.indices {
            patterns[first].sort { $0.bytes.count > $1.bytes.count }
        }
    }

    /// The first match that begins in `position..<end`; the search goes on at `position` after it.
    ///
    /// An occurrence that fails to be a single word is passed over as a whole.
    func next(in text: Span<UInt8>, from position: inout Int, upTo end: Int) -> Match? {
        while position < end {
            guard let pattern = pattern(in: text, at: position) else {
                position += 1
                continue
            }
            let start = position
            position += pattern.bytes.count
            if !pattern.singleWord || Self.isSingleWord(text, start..<position) {
                return Match(range: start..<position, id: pattern.id)
            }
        }
        return nil
    }

    @inline(__always)
    private func pattern(in text: Span<UInt8>, at position: Int) -> Pattern? {
        let group = Int(text[position])
        if patterns[group].isEmpty { return nil }
        return patterns[group].first { Self.occurs($0.bytes, in: text, at: position) }
    }

    private static func occurs(_ bytes: [UInt8], in text: Span<UInt8>, at position: Int) -> Bool {
        guard bytes.count <= text.count - position else { return false }
        return bytes.indices.allSatisfy { bytes[$0] == text[position + $0] }
    }

    private static func isSingleWord(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if range.lowerBound > 0 {
            var before = range.lowerBound - 1
            while before > 0, text[before] & 0xC0 == 0x80 { before -= 1 }
            if isWordScalar(UTF8Scalar.decode(text, at: &before)) { return false }
        }
        if range.upperBound < text.count {
            var after = range.upperBound
            if isWordScalar(UTF8Scalar.decode(text, at: &after)) { return false }
        }
        return true
    }

    /// Whether the scalar is one of a regular expression's word characters.
    private static func isWordScalar(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default:
            return false
        }
    }
}
