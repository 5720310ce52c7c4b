/// How much of a held-out table is in the training table, compared as exact texts without white space around them.
///
/// Memory holds 8 bytes for each text and each row of the training table, while it is made. Different texts have the
/// same 64-bit hash so seldom (once in 18 million pairs of tables of a million texts each) that a hash stands for its text.
public struct Leakage: Sendable, Equatable {
    /// A held-out row, or a text of it, that is in the training table.
    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        /// The file of the held-out row.
        public let file: String
        /// The line on which it starts, from 1; 0 when it came from no file.
        public let line: Int
        /// The text, or the texts of a row with a slash between them, cut to 80 characters.
        public let text: String

        /// The place and the text.
        public var description: String { "\(file):\(line): '\(text)'" }
    }

    /// How many findings are kept of each kind; all are counted.
    public static let keptFindings = 5

    /// The number of different texts in the held-out table, and how many of them are in the training table.
    public let texts: (all: Int, found: Int)
    /// The number of held-out rows, and how many of them are in the training table with all their texts, in order.
    public let rows: (all: Int, found: Int)
    /// The first of those texts.
    public let foundTexts: [Finding]
    /// The first of those rows.
    public let foundRows: [Finding]

    /// Looks for the held-out texts and rows among those of the training table.
    ///
    /// A text counts in whichever column it is; a row of one text counts as a text only.
    public init(of heldOut: ExampleTable, in training: ExampleTable) {
        var known = HashList(capacity: training.count * training.columnNames.count)
        var knownRows = HashList(capacity: training.count)
        let countsRows = heldOut.columnNames.count > 1
        for row in 0..<training.count {
            let hashes = Self.hashes(training.texts(row))
            for hash in hashes { known.append(hash) }
            if countsRows { knownRows.append(Self.hash(hashes)) }
        }
        known.sort()
        knownRows.sort()
        var seen: Set<UInt64> = []
        var (textCount, rowCount) = (0, 0)
        var (foundTexts, foundRows): ([Finding], [Finding]) = ([], [])
        for row in 0..<heldOut.count {
            let texts = heldOut.texts(row)
            let hashes = Self.hashes(texts)
            let present = texts.compactMap { $0 }
            for (hash, text) in zip(hashes, present)
            where seen.insert(hash).inserted && known.contains(hash) {
                textCount += 1
                if textCount <= Self.keptFindings {
                    foundTexts.append(Finding(heldOut, row, text))
                }
            }
            guard countsRows, knownRows.contains(Self.hash(hashes)) else { continue }
            rowCount += 1
            if rowCount <= Self.keptFindings {
                foundRows.append(Finding(heldOut, row, present.joined(separator: " / ")))
            }
        }
        self.texts = (seen.count, textCount)
        rows = (heldOut.count, rowCount)
        self.foundTexts = foundTexts
        self.foundRows = foundRows
    }

    /// Whether nothing was found.
    public var isEmpty: Bool { texts.found == 0 && rows.found == 0 }

    /// One paragraph for a log.
    public var description: String {
        func list(_ findings: [Finding], _ count: Int) -> String {
            let more = count > findings.count ? " and \(count - findings.count) more" : ""
            return " (" + findings.map(\.description).joined(separator: "; ") + more + ")"
        }
        if isEmpty { return "none of \(texts.all) held-out texts are in the training data" }
        var text = "\(texts.found) of \(texts.all) held-out texts are in the training data"
        text += list(foundTexts, texts.found)
        guard rows.found > 0 else { return text + ", none of them in the same row" }
        return text + ", and \(rows.found) of \(rows.all) whole rows"
            + list(foundRows, rows.found)
    }

    /// Whether all that was found is the same.
    public static func == (a: Leakage, b: Leakage) -> Bool {
        a.texts == b.texts && a.rows == b.rows && a.foundTexts == b.foundTexts
            && a.foundRows == b.foundRows
    }

    private static func hashes(_ texts: [String?]) -> [UInt64] {
        texts.compactMap { text in text.map { ContentDigest(trimmed: $0).value } }
    }

    private static func hash(_ hashes: [UInt64]) -> UInt64 {
        var digest = ContentDigest()
        for hash in hashes { digest.add(hash) }
        return digest.value
    }
}

extension Leakage: CustomStringConvertible {}

extension Leakage.Finding {
    fileprivate init(_ table: ExampleTable, _ row: Int, _ text: String) {
        self.init(
            file: table.fileName(of: row), line: table.line(of: row),
            text: text.count > 80 ? "\(text.prefix(80))..." : text)
    }
}

/// Hashes in order, to be looked up: 8 bytes each, where a set would take thirty.
private struct HashList {
    private var hashes: [UInt64] = []

    init(capacity: Int) { hashes.reserveCapacity(capacity) }

    mutating func append(_ hash: UInt64) { hashes.append(hash) }

    mutating func sort() { hashes.sort() }

    func contains(_ hash: UInt64) -> Bool {
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < hashes.count && hashes[low] == hash
    }
}
