import Support

/// One table of several.
extension ExampleTable {
    /// Creates one table of several with labels of one kind, in order.
    ///
    /// The digest is that of one source with all rows. Where rows may have fewer texts than others, those of a table
    /// of fewer columns lack the last ones, though never one of the first two. Classes are those of all tables: in the
    /// order of their numbers where all names are whole numbers, else in the order of appearance; names that differ by
    /// case alone, or as `1` and `1.0` do, are one.
    ///
    /// - Throws: `ExampleFileError.unlike` when labels differ in kind or width, or rows in the number of texts.
    public init(
        joining tables: [ExampleTable], allowsMissingTexts: Bool = false
    ) throws(ExampleFileError) {
        guard let first = tables.first else {
            self.init(columnNames: [], labels: .none, digest: ContentDigest().value, parts: [])
            return
        }
        guard tables.count > 1 else {
            self = first
            return
        }
        for table in tables.dropFirst() {
            try table.requireLike(first, allowsMissingTexts: allowsMissingTexts)
        }
        let names = tables.map(\.columnNames).max { $0.count < $1.count } ?? []
        let labels = LabelColumn(joining: tables.map(\.labels))
        var (parts, selection, end): ([Part], [UInt32], Int) = ([], [], 0)
        let isWhole = tables.allSatisfy { $0.selection == nil }
        for table in tables {
            for part in table.parts {
                let missing = (part.columns.count..<names.count).map { _ in
                    (rows: NoRows() as any RowStore, column: 0)
                }
                parts.append(
                    Part(name: part.name, columns: part.columns + missing, end: end + part.end))
            }
            if !isWhole {
                let rows = table.selection ?? (0..<table.count).map { UInt32($0) }
                selection += rows.map { $0 + UInt32(end) }
            }
            end += table.parts.last?.end ?? 0
        }
        let rows = ExampleTable(
            columnNames: names, labels: labels, digest: 0, parts: parts,
            selection: isWhole ? nil : selection)
        let digest = rows.digest(after: first)
        self.init(
            columnNames: names, labels: labels, digest: digest.value(labels), parts: parts,
            selection: rows.selection, rowsDigest: digest.rows)
    }

    /// Refuses to join tables whose labels or numbers of texts differ.
    private func requireLike(
        _ other: ExampleTable, allowsMissingTexts: Bool
    ) throws(ExampleFileError) {
        let (own, others) = (columnNames.count, other.columnNames.count)
        guard own == others || allowsMissingTexts && min(own, others) >= 2 else {
            throw .unlike(
                path: name, has: Self.textsOfARow(own), other: other.name,
                otherHas: Self.textsOfARow(others))
        }
        guard labels.isLike(other.labels) else {
            throw .unlike(
                path: name, has: labels.description, other: other.name,
                otherHas: other.labels.description)
        }
    }

    private static func textsOfARow(_ count: Int) -> String {
        "\(count) text\(count == 1 ? "" : "s") a row"
    }

    /// The digest of the rows, of which those of `first` may be digested already.
    private func digest(after first: ExampleTable) -> RowDigest {
        let arePairs = columnNames.count == 2 && labels.areScoresOrClasses
        let goesOn =
            first.columnNames.count == columnNames.count
            && (!arePairs || first.classNames == classNames)
        let start = goesOn ? first.rowsDigest : nil
        var digest = RowDigest(arePairsWithLabels: arePairs, after: start)
        let known = start == nil ? 0 : first.count
        forEachRow(from: known) { row, texts in digest.add(texts, labels: labels, row: row) }
        return digest
    }
}

extension LabelColumn {
    /// The labels of tables that are joined: all of one kind and width.
    fileprivate init(joining columns: [LabelColumn]) {
        switch columns[0] {
        case .none: self = .none
        case .scores: self = .scores(columns.flatMap { $0.scores ?? [] })
        case .classes:
            let tables = columns.compactMap(\.classes)
            let names = Self.classNames(of: tables.map(\.names))
            let idOfKey = Dictionary(
                uniqueKeysWithValues: zip(names.map(LabelSet.key), 0..<Int32(names.count)))
            let ids = tables.flatMap { ids, own in
                let newIDs = own.map { idOfKey[LabelSet.key($0)] ?? 0 }
                return ids.map { newIDs[Int($0)] }
            }
            self = .classes(ids, names: names)
        case .vectors(_, _, let width):
            var (vectors, end): ([(row: @Sendable (Int) -> [Float], end: Int)], Int) = ([], 0)
            for case .vectors(let row, let count, _) in columns {
                let start = end
                end += count
                vectors.append(({ row($0 - start) }, end))
            }
            let all = vectors
            self = .vectors(
                { row in all.first { row < $0.end }?.row(row) ?? [] }, count: end, width: width)
        }
    }

    /// Whether the labels are of the same kind, and vectors of the same width.
    fileprivate func isLike(_ other: LabelColumn) -> Bool {
        switch (self, other) {
        case (.none, .none), (.scores, .scores), (.classes, .classes): true
        case (.vectors(_, _, let width), .vectors(_, _, let others)): width == others
        default: false
        }
    }

    private var scores: [Float]? { if case .scores(let scores) = self { scores } else { nil } }

    private var classes: (ids: [Int32], names: [String])? {
        if case .classes(let ids, let names) = self { (ids, names) } else { nil }
    }

    /// The names of all tables once: by number if all are numbers, else as they come.
    private static func classNames(of tables: [[String]]) -> [String] {
        var (names, seen): ([String], Set<String>) = ([], [])
        for name in tables.joined() where seen.insert(LabelSet.key(name)).inserted {
            names.append(name)
        }
        if names == tables[0] { return names }
        let numbers = names.compactMap(DecimalNumber.whole)
        guard numbers.count == names.count else { return names }
        return zip(numbers, names).sorted { $0.0 < $1.0 }.map(\.1)
    }
}
