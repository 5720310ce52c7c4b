import Support

/// Rows of one or more texts, in the order of their source, with or without labels.
///
/// A row has a text in each column, but may have fewer negatives than another: then its last columns are empty.
///
/// The rows of a file stay in it. The table keeps 12 bytes a row, whatever the number of columns, of up to 16 million rows
/// of a file in memory and beyond in a file without a name, and 4 bytes for a score or a class, and decodes a text when it is
/// asked for; see `ExampleFile` on what is kept in memory besides.
public struct ExampleTable: Sendable {
    /// The names of the columns: what each is, such as `anchor`, not what the file calls it.
    public let columnNames: [String]
    /// The label of each row, if there are labels.
    public let labels: LabelColumn
    /// A 64-bit digest of all texts and labels, in order.
    ///
    /// A resumed run compares it with the digest stored in its checkpoint. It guards against mistakes, not against an
    /// adversary.
    public let digest: UInt64
    /// The number of rows.
    public let count: Int
    /// The sources in order.
    let parts: [Part]
    /// The rows of the parts that are in the table, in order; nil for all.
    let selection: [UInt32]?
    /// The digest of the rows, from which that of joined tables goes on; nil where the digest is not of the texts and
    /// labels themselves but of what was done to another table.
    let rowsDigest: UInt64?

    /// Rows of one source.
    struct Part: Sendable {
        let name: String
        /// Where each column of the table is.
        let columns: [(rows: any RowStore, column: Int)]
        /// The index after its last row.
        var end: Int

        /// Whatever keeps the rows, each once, with the columns that it has.
        var stores: [(rows: any RowStore, columns: [Int])] {
            var stores: [(rows: any RowStore, columns: [Int])] = []
            for (index, column) in columns.enumerated() {
                if let known = stores.firstIndex(where: { $0.rows === column.rows }) {
                    stores[known].columns.append(index)
                } else {
                    stores.append((column.rows, [index]))
                }
            }
            return stores
        }
    }

    /// Where the rows came from: a path, several with commas, or a name given by the program.
    public var name: String { fileNames.joined(separator: ", ") }
    /// The names of the sources, in order.
    public var fileNames: [String] { parts.map(\.name) }
    /// The names of the classes, in the order of their ids; none when labels are no classes.
    public var classNames: [String] {
        if case .classes(_, let names) = labels { names } else { [] }
    }

    init(
        columnNames: [String], labels: LabelColumn, digest: UInt64, parts: [Part],
        selection: [UInt32]? = nil, rowsDigest: UInt64? = nil
    ) {
        self.rowsDigest = rowsDigest
        self.columnNames = columnNames
        self.labels = labels
        self.digest = digest
        self.parts = parts
        self.selection = selection
        count = selection?.count ?? parts.last?.end ?? 0
    }

    /// Creates a table in memory; each column has a text for each row, nil where a row has no more negatives.
    public init(
        name: String, columns: [(name: String, texts: [String?])], labels: LabelColumn = .none,
        lines: [Int]? = nil
    ) {
        let count = columns.first?.texts.count ?? 0
        precondition(columns.allSatisfy { $0.texts.count == count }, "columns of different lengths")
        precondition(labels.count ?? count == count, "\(count) rows, \(labels.count ?? 0) labels")
        precondition(lines?.count ?? count == count, "\(count) rows, \(lines?.count ?? 0) lines")
        let rows = MemoryRows(
            columns.map(\.texts), lines: lines?.map { UInt32(clamping: $0) } ?? [])
        var digest = RowDigest(
            arePairsWithLabels: columns.count == 2 && labels.areScoresOrClasses)
        for row in 0..<count {
            digest.add(columns.map { $0.texts[row] }, labels: labels, row: row)
        }
        self.init(
            columnNames: columns.map(\.name), labels: labels, digest: digest.value(labels),
            parts: [Part(name: name, columns: columns.indices.map { (rows, $0) }, end: count)],
            rowsDigest: digest.rows)
    }

    /// A text; nil when the row has none in this column.
    public func text(_ row: Int, _ column: Int) -> String? {
        let (part, row) = place(of: row)
        let source = parts[part].columns[column]
        return source.rows.text(row, source.column)
    }

    /// The texts of a row, one for each column: at less cost than one by one, when the rows are in a file.
    public func texts(_ row: Int) -> [String?] {
        let (part, row) = place(of: row)
        let columns = parts[part].columns
        guard let first = columns.first else { return [] }
        guard columns.allSatisfy({ $0.rows === first.rows }) else {
            return columns.map { $0.rows.text(row, $0.column) }
        }
        return first.rows.texts(row, columns.map(\.column))
    }

    /// Calls `body` with the texts of every row from `start` on, in order: at far less cost than row by row, when they
    /// are in a file.
    public func forEachRow<Failure: Error>(
        from start: Int = 0, _ body: (_ row: Int, _ texts: [String?]) throws(Failure) -> Void
    ) throws(Failure) {
        let readers = parts.map { part in
            part.stores.map { rows, columns in
                (columns: columns, texts: rows.reader(columns.map { part.columns[$0].column }))
            }
        }
        var texts = [String?](repeating: nil, count: columnNames.count)
        for row in start..<count {
            let (part, place) = place(of: row)
            for reader in readers[part] {
                for (column, text) in zip(reader.columns, reader.texts(place)) {
                    texts[column] = text
                }
            }
            try body(row, texts)
        }
    }

    /// The line of its file on which a row starts, from 1; 0 when it came from no file.
    public func line(of row: Int) -> Int {
        let (part, row) = place(of: row)
        return parts[part].columns.first?.rows.line(of: row) ?? 0
    }

    /// About how many bytes of memory the table takes; vectors not counted.
    package var memoryBytes: Int {
        var bytes = 4 * (selection?.count ?? 0)
        if case .vectors = labels {} else { bytes += 4 * (labels.count ?? 0) }
        for part in parts {
            bytes += part.stores.reduce(0) { $0 + $1.rows.memoryBytes }
        }
        return bytes
    }

    /// The source of a row.
    public func fileName(of row: Int) -> String { parts[place(of: row).part].name }

    /// Whether the files are as they were when they were read; without it, rows of a file that somebody writes to are
    /// other rows, or empty ones. It costs a system call for each file above 64 MiB.
    ///
    /// - Throws: `ExampleFileError.changed` naming the first that is not.
    public func requireUnchangedFiles() throws(ExampleFileError) {
        for part in parts {
            for store in part.stores { try store.rows.requireUnchanged() }
        }
    }

    /// The part that a row is in, and its index there.
    private func place(of row: Int) -> (part: Int, row: Int) {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        let row = selection.map { Int($0[row]) } ?? row
        // There are a few files, not thousands.
        let index = parts.firstIndex { row < $0.end } ?? 0
        return (index, row - (index > 0 ? parts[index - 1].end : 0))
    }
}
