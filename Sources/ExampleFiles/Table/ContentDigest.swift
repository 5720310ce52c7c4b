import Support

/// A 64-bit digest of texts and numbers (FNV-1a), the same on every platform.
struct ContentDigest {
    private var hash = FNV1a()

    var value: UInt64 { hash.value }

    init() {}

    /// The digest of a text without the white space of ASCII around it.
    init(trimmed text: String) {
        var text = text
        text.withUTF8 { bytes in
            guard let start = bytes.firstIndex(where: { $0 > 0x20 }),
                let end = bytes.lastIndex(where: { $0 > 0x20 })
            else { return add(UnsafeBufferPointer(rebasing: bytes[..<0])) }
            add(UnsafeBufferPointer(rebasing: bytes[start...end]))
        }
    }

    /// Goes on where a digest ended.
    init(after value: UInt64) { hash.value = value }

    /// Adds a text's UTF-8 and its length, so that ("ab", "c") differs from ("a", "bc").
    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add($0) }
    }

    /// Adds a text's bytes and their number.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { add($0) }
    }

    /// Adds the eight bytes of a number, lowest first.
    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            hash.add(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        var hash = hash
        for byte in bytes { hash.add(byte) }
        self.hash = hash
        add(UInt64(bytes.count))
    }
}

/// The digest of a table's texts and labels.
///
/// Scored or labelled pairs have each label after its texts, as the checkpoints of all versions have them. Other rows
/// have the number of their texts there, and all labels come at the end.
struct RowDigest {
    private var digest: ContentDigest
    private let arePairsWithLabels: Bool

    /// Begins, or goes on after rows whose digest was `value`.
    init(arePairsWithLabels: Bool, after value: UInt64? = nil) {
        digest = value.map(ContentDigest.init(after:)) ?? ContentDigest()
        self.arePairsWithLabels = arePairsWithLabels
    }

    /// The digest of the rows so far, from which another can go on.
    var rows: UInt64 { digest.value }

    /// Adds a text of a row.
    mutating func add(_ text: ArraySlice<UInt8>) { digest.add(text) }

    /// Ends the texts of a row, so many of them, with its label.
    mutating func endRow(_ texts: Int, label: UInt64?) {
        if arePairsWithLabels {
            if let label { digest.add(label) }
        } else {
            digest.add(UInt64(texts))
        }
    }

    /// Adds a row.
    mutating func add(_ texts: [String?], labels: LabelColumn, row: Int) {
        for case let text? in texts { digest.add(text) }
        var label: UInt64?
        if arePairsWithLabels { labels.forEachBits(of: row) { label = $0 } }
        endRow(texts.count { $0 != nil }, label: label)
    }

    /// The digest of all rows with their labels.
    func value(_ labels: LabelColumn) -> UInt64 {
        var whole = digest
        if !arePairsWithLabels {
            for row in 0..<(labels.count ?? 0) { labels.forEachBits(of: row) { whole.add($0) } }
        }
        return whole.value
    }
}

extension LabelColumn {
    /// Whether the labels are scores or classes.
    var areScoresOrClasses: Bool {
        switch self {
        case .scores, .classes: true
        case .none, .vectors: false
        }
    }

    /// Calls `body` with the bits of each number in the label of a row.
    func forEachBits(of row: Int, _ body: (UInt64) -> Void) {
        switch self {
        case .none: break
        case .scores(let scores): body(UInt64(scores[row].bitPattern))
        case .classes(let ids, _): body(UInt64(UInt32(bitPattern: ids[row])))
        case .vectors(let vector, _, _):
            for number in vector(row) { body(UInt64(number.bitPattern)) }
        }
    }
}
