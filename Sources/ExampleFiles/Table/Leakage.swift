/// How much of a held-out table is in the training table, compared as exact texts without white space around them.
///
/// Memory holds a hash of each text and each row of the held-out table, while it is made; the training table is read once.
/// Different texts have the same 64-bit hash so seldom (once in 18 million pairs of tables of a million texts each) that a
/// hash stands for its text.
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
        let countsRows = heldOut.columnNames.count > 1
        // Whether each is in the training table.
        var (known, knownRows): ([UInt64: Bool], [UInt64: Bool]) = ([:], [:])
        heldOut.forEachRow { _, texts in
            let hashes = Self.hashes(texts)
            for hash in hashes { known[hash] = false }
            if countsRows { knownRows[Self.hash(hashes)] = false }
        }
        training.forEachRow { _, texts in
            let hashes = Self.hashes(texts)
            for hash in hashes where known[hash] == false { known[hash] = true }
            if !countsRows { return }
            let hash = Self.hash(hashes)
            if knownRows[hash] == false { knownRows[hash] = true }
        }
        var seen: Set<UInt64> = []
        var (textCount, rowCount) = (0, 0)
        var (foundTexts, foundRows): ([Finding], [Finding]) = ([], [])
        heldOut.forEachRow { row, texts in
            let hashes = Self.hashes(texts)
            let present = texts.compactMap { $0 }
            for (hash, text) in zip(hashes, present)
            where seen.insert(hash).inserted && known[hash] == true {
                textCount += 1
                if textCount <= Self.keptFindings {
                    foundTexts.append(Finding(heldOut, row, text))
                }
            }
            guard countsRows, knownRows[Self.hash(hashes)] == true else { return }
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
