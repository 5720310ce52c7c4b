import Support

/// Rows of one or more texts, in the order of their source, with or without labels.
///
/// A row has a text in each column, but may have fewer negatives than another: then its last columns are empty.
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
    /// The sources in order, each with the index after its last row.
    private let files: [(name: String, end: Int)]
    private let texts: [[String?]]
    private let lines: [UInt32]

    /// Where the rows came from: a path, several with commas, or a name given by the program.
    public var name: String { files.map(\.name).joined(separator: ", ") }
    /// The names of the sources, in order.
    public var fileNames: [String] { files.map(\.name) }
    /// The number of rows.
    public var count: Int { lines.count }
    /// The names of the classes, in the order of their ids; none when labels are no classes.
    public var classNames: [String] {
        if case .classes(_, let names) = labels { names } else { [] }
    }

    /// Creates a table in memory; each column has a text for each row, nil where a row has no more negatives.
    public init(
        name: String, columns: [(name: String, texts: [String?])], labels: LabelColumn = .none,
        lines: [Int]? = nil
    ) {
        let count = columns.first?.texts.count ?? 0
        precondition(columns.allSatisfy { $0.texts.count == count }, "columns of different lengths")
        precondition(labels.count ?? count == count, "\(count) rows, \(labels.count ?? 0) labels")
        columnNames = columns.map(\.name)
        texts = columns.map(\.texts)
        self.labels = labels
        self.lines = lines.map { $0.map { UInt32(clamping: $0) } } ?? Array(repeating: 0, count: count)
        files = [(name, count)]
        digest = 0
    }

    /// A text; nil when the row has none in this column.
    public func text(_ row: Int, _ column: Int) -> String? { texts[column][row] }

    /// Whether the row has a text in this column.
    public func hasText(_ row: Int, _ column: Int) -> Bool { texts[column][row] != nil }

    /// Whether some row has fewer texts than there are columns.
    public var hasMissingTexts: Bool { texts.contains { $0.contains { $0 == nil } } }

    /// The line of its file on which a row starts, from 1; 0 when it came from no file.
    public func line(of row: Int) -> Int { Int(lines[row]) }

    /// The source of a row.
    public func fileName(of row: Int) -> String { files.first { row < $0.end }?.name ?? name }
}
