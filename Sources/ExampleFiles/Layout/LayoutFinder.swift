import Support

/// Finds the columns of a file from its first rows and the options.
///
/// A column is taken only when no other could be meant.
struct LayoutFinder {
    let path: String
    let options: ExampleFileOptions
    let request: ExampleRequest
    /// Whether a character separates the fields.
    var isDelimited = true

    /// The names of a file's columns.
    struct Names {
        let names: [String]
        /// In lower case, without white space around them.
        let folded: [String]
        /// Those that hold lists, with the number of elements in the first record.
        let lists: [Int: Int]

        init(_ names: [String], lists: [Int: Int]) {
            self.names = names
            self.lists = lists
            folded = names.map { $0.trimmed.lowercased() }
        }

        /// The columns of these names.
        func columns(_ wanted: [String]) -> [Int] {
            folded.indices.filter { wanted.contains(folded[$0]) }
        }

        /// The columns of these names that hold lists.
        func lists(_ wanted: [String]) -> [Int] { columns(wanted).filter { lists[$0] != nil } }

        func quoted(_ indices: [Int]) -> [String] { indices.map { "'\(names[$0])'" } }
    }

    /// The option that names the column of the labels, if one is stated.
    var targetColumn: ExampleColumn? {
        switch request.labels {
        case .none: nil
        case .scores, .optionalScores, .rawScores, .vectors: options.score
        case .classes: options.label
        }
    }

    private var statedColumns: [ExampleColumn] {
        [options.first, options.second, targetColumn].compactMap { $0 }
            + (options.columns ?? []) + (request.labels == .vectors ? options.scores ?? [] : [])
            + (options.filters ?? []).map(\.column)
    }

    /// Whether the first row of a delimited file names its columns.
    func hasHeader(_ row: [String]) throws(ExampleFileError) -> Bool {
        if options.format == .stsBenchmark { return false }
        let looksSo = ColumnNames.isHeader(row, request)
        if options.header == false, looksSo { throw .noHeader(path: path, row: row) }
        if let stated = options.header { return stated }
        let namesAsked = statedColumns.contains { if case .name = $0 { true } else { false } }
        return looksSo || namesAsked
    }

    func addFilters(
        _ names: [String], to layout: inout ExampleLayout
    ) throws(ExampleFileError) {
        for filter in options.filters ?? [] {
            guard let index = try index(filter.column, in: names) else { continue }
            layout.filters.append((index, filter.values))
        }
    }

    /// Refuses a layout in which a column has two meanings, or rows have too few texts or too many.
    func checked(_ layout: ExampleLayout) throws(ExampleFileError) -> ExampleLayout {
        let isSet = layout.texts.contains { if case .element = $0 { true } else { false } }
        let fields =
            (isSet ? Array(layout.texts.map(\.field).prefix(1)) : layout.texts.map(\.field))
            + layout.targetFields
        let count = layout.texts.count
        guard Set(fields).count == fields.count else {
            let names = enumeration(fields.map(layout.name))
            throw .badOption(
                path: path,
                reason: count == 2 && fields.count == 3
                    ? "the sentences and the \(request.labels.word) must be three columns, but they "
                        + "are \(names)"
                    : "each text and label must be a column of its own, but they are \(names)")
        }
        guard count <= request.columns.upperBound else {
            throw .badOption(
                path: path,
                reason:
                    "\(count) columns are stated for texts, and rows of \(request.texts) are wanted"
            )
        }
        guard count >= request.columns.lowerBound || layout.negatives != nil else {
            throw .missingTexts(
                path: path, wanted: request.texts,
                found: layout.texts.map { layout.name($0.field) }, keys: [.columns])
        }
        return layout
    }

    /// The place of a stated column; nil if none is.
    func index(
        _ column: ExampleColumn?, in names: [String]
    ) throws(ExampleFileError) -> Int? {
        guard let column else { return nil }
        switch column {
        case .number(let number):
            guard number >= 1, number <= names.count else {
                throw .badOption(
                    path: path,
                    reason:
                        "there is no column number \(number): line 1 has \(names.count) columns, "
                        + "numbered from 1")
            }
            return number - 1
        case .name(let name):
            let folded = name.trimmed.lowercased()
            var found = names.indices.filter { names[$0] == name }
            if found.isEmpty {
                found = names.indices.filter { names[$0].trimmed.lowercased() == folded }
            }
            if found.count > 1 {
                throw .badOption(
                    path: path,
                    reason: "columns \(enumeration(found.map { "\($0 + 1)" })) are all named "
                        + "'\(name)'; state the number of the one that is meant")
            }
            if let only = found.first { return only }
            throw .missingColumn(
                path: path, wanted: column.description, found: names,
                suggestion: closestName(to: name, among: names))
        }
    }

    /// The places of stated columns; nil if none are.
    func indices(
        _ columns: [ExampleColumn]?, in names: [String]
    ) throws(ExampleFileError) -> [Int]? {
        guard let columns, !columns.isEmpty else { return nil }
        var found: [Int] = []
        for column in columns {
            if let index = try index(column, in: names) { found.append(index) }
        }
        return found
    }

    // MARK: - Errors

    /// The options that say which columns the texts are.
    private var textKeys: [ExampleFileOptions.Key] {
        request.columns == 2...2 ? [.first, .second] : [.columns]
    }

    func unrecognised(
        _ role: String, _ found: [String], other: OtherLabels? = nil
    ) -> ExampleFileError {
        .unrecognised(
            path: path, role: role, found: found,
            missing: textKeys + request.labels.keys.prefix(1), isDelimited: isDelimited,
            other: other)
    }

    func ambiguous(_ candidates: [String]) -> ExampleFileError {
        .ambiguousColumns(
            path: path, role: request.labels.word, candidates: candidates,
            missing: Array(request.labels.keys.suffix(1)))
    }

    func ambiguousTexts(_ candidates: [String]) -> ExampleFileError {
        guard request.columns == 2...2 else {
            return .ambiguousColumns(
                path: path, role: request.columns == 1...1 ? "text" : "texts",
                candidates: candidates, missing: [.columns])
        }
        let stated: [(ExampleFileOptions.Key, ExampleColumn?)] = [
            (.first, options.first), (.second, options.second),
        ]
        return .ambiguousColumns(
            path: path, role: "sentence", candidates: candidates,
            missing: stated.filter { $0.1 == nil }.map(\.0))
    }
}
