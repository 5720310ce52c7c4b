import Support

/// What the third column of a pair file holds.
enum PairTarget: String {
    case score
    case label
}

/// Which field of a record is what.
struct PairLayout {
    /// The format in words, for the report.
    var format: String
    /// The columns' names, from the header or as numbers.
    var columns: [String]
    var first: Int
    var second: Int
    var target: Int
    /// The range of the scores, where the format tells it.
    var knownRange: ScoreRange?
    /// The known range is likely but not certain, so the scores must look like it.
    var rangeNeedsCheck = false
    /// The number of fields that a row may have at most; nil if any.
    var maximumFields: Int?
    var filters: [(index: Int, values: [String])] = []
    /// A column that tells training from test rows, though no filter uses it.
    var unusedSplit: Int?

    /// The first row was taken for a pair, since nothing says that it names the columns.
    var mayHaveHeader = false

    /// What to try when the first row of such a file is damaged.
    static let headerHint = "; if line 1 names the columns, pass --header"

    /// A column in words: its name in quotes, or its number.
    func name(_ index: Int) -> String { columns[index] }
}

/// Finds the columns of a pair file from its first row and the options.
struct LayoutFinder {
    let path: String
    let options: PairFileOptions
    let target: PairTarget

    private var targetColumn: PairColumn? { target == .score ? options.score : options.label }

    /// Whether the first row of a delimited file names its columns.
    func hasHeader(_ row: [String]) throws(PairFileError) -> Bool {
        if options.format == .stsBenchmark { return false }
        let looksSo = ColumnNames.isHeader(row)
        if options.header == false, looksSo {
            throw .badOption(
                path: path,
                reason:
                    "line 1 looks like a header ('\(row.joined(separator: "', '").prefix(80))'), "
                    + "but the file is said to have none; leave the header option out")
        }
        if let stated = options.header { return stated }
        let asked =
            [options.first, options.second, targetColumn].compactMap { $0 }
            + options.filters.map(\.column)
        let namesAsked = asked.contains { if case .name = $0 { true } else { false } }
        return looksSo || namesAsked
    }

    /// The layout of a file whose columns have names; `format` is "TSV", "CSV" or "JSON lines".
    func named(_ names: [String], format: String) throws(PairFileError) -> PairLayout {
        let folded = names.map { $0.trimmed.lowercased() }
        let pair = ColumnNames.sentencePairs.first {
            folded.contains($0.0) && folded.contains($0.1)
        }
        let known = target == .score ? ColumnNames.scores : ColumnNames.labels
        let first =
            try index(options.first, in: names) ?? pair.flatMap { folded.firstIndex(of: $0.0) }
        let second =
            try index(options.second, in: names) ?? pair.flatMap { folded.firstIndex(of: $0.1) }
        let third =
            try index(targetColumn, in: names)
            ?? known.lazy.compactMap { folded.firstIndex(of: $0) }.first
        for (found, role) in [
            (first, "first sentence"), (second, "second sentence"), (third, target.rawValue),
        ] where found == nil {
            throw .unrecognised(path: path, role: role, found: names, fix: fix)
        }
        guard let first, let second, let third else {
            throw .unrecognised(path: path, role: target.rawValue, found: names, fix: fix)
        }
        var layout = PairLayout(
            format: "\(format) with named columns", columns: names.map { "'\($0)'" },
            first: first, second: second, target: third,
            maximumFields: names.count)
        if target == .score { recogniseRange(folded, &layout) }
        try addFilters(names, to: &layout)
        if options.filters.isEmpty {
            layout.unusedSplit = folded.firstIndex { ColumnNames.splits.contains($0) }
        }
        return try checked(layout)
    }

    /// The layout of a file without names, from its first row.
    func unnamed(_ row: [String], format: String) throws(PairFileError) -> PairLayout {
        let names = (1...max(1, row.count)).map { "column \($0)" }
        var layout: PairLayout
        let asked = [options.first, options.second, targetColumn].compactMap { $0 }
        if asked.count < 3, let recognised = recognise(row, names, format) {
            layout = recognised
            layout.first = try index(options.first, in: names) ?? layout.first
            layout.second = try index(options.second, in: names) ?? layout.second
            layout.target = try index(targetColumn, in: names) ?? layout.target
        } else if let first = try index(options.first, in: names),
            let second = try index(options.second, in: names),
            let third = try index(targetColumn, in: names)
        {
            layout = PairLayout(
                format: "\(format) without header", columns: names, first: first, second: second,
                target: third, maximumFields: names.count)
        } else {
            throw .unrecognised(path: path, role: target.rawValue, found: row, fix: fix)
        }
        layout.mayHaveHeader = options.header == nil
        try addFilters(names, to: &layout)
        return try checked(layout)
    }

    private var fix: String {
        "state the columns by name or number from 1: --first, --second and --\(target.rawValue)"
    }

    /// Layouts that the first row gives away.
    private func recognise(_ row: [String], _ names: [String], _ format: String) -> PairLayout? {
        let isSTS = row.count >= 7 && row[0].hasPrefix("main-") && isNumber(row[4])
        if target == .score, isSTS || (options.format == .stsBenchmark && row.count >= 7) {
            // Rows with licence notes have eight or nine fields.
            return PairLayout(
                format: "the STS benchmark's own format (tab-separated, no header, no quoting)",
                columns: names, first: 5, second: 6, target: 4,
                knownRange: .stsBenchmark)
        }
        guard row.count >= 3 else { return nil }
        let last = row.count - 1
        let isTarget = target == .score ? isNumber : isLabel
        var layout = PairLayout(
            format: "\(format) without header", columns: names, first: 1, second: 2, target: 0,
            maximumFields: row.count)
        switch (isTarget(row[0]), row.count == 3 && isTarget(row[last])) {
        case (true, false): return layout
        case (false, true):
            (layout.first, layout.second, layout.target) = (0, 1, last)
            return layout
        default: return nil
        }
    }

    private func isNumber(_ text: String) -> Bool {
        DecimalNumber.parse(Array(text.trimmed.utf8)[...]) != nil
    }

    private func isLabel(_ text: String) -> Bool {
        options.labels.id(of: text.trimmed) != nil || options.skippedLabels.contains(text.trimmed)
            || Int(text.trimmed) != nil
    }

    private func recogniseRange(_ names: [String], _ layout: inout PairLayout) {
        let target = names[layout.target]
        if target == "relatedness_score", names.contains("sentence_a") {
            layout.knownRange = .sick
            layout.format += " (SICK)"
        } else if target == "score", names.contains("genre"),
            names.contains("sid") || names.contains("old_index")
        {
            layout.knownRange = .stsBenchmark
            layout.rangeNeedsCheck = true
            layout.format += " (STS benchmark)"
        }
    }

    private func addFilters(_ names: [String], to layout: inout PairLayout) throws(PairFileError) {
        for filter in options.filters {
            guard let index = try index(filter.column, in: names) else { continue }
            layout.filters.append((index, filter.values))
        }
    }

    private func checked(_ layout: PairLayout) throws(PairFileError) -> PairLayout {
        guard Set([layout.first, layout.second, layout.target]).count == 3 else {
            throw .badOption(
                path: path,
                reason: "the sentences and the \(target.rawValue) must be three columns, but they "
                    + "are \(layout.name(layout.first)), \(layout.name(layout.second)) and "
                    + layout.name(layout.target))
        }
        return layout
    }

    private func index(_ column: PairColumn?, in names: [String]) throws(PairFileError) -> Int? {
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
            if let exact = names.firstIndex(of: name) { return exact }
            let folded = name.trimmed.lowercased()
            if let index = names.firstIndex(where: { $0.trimmed.lowercased() == folded }) {
                return index
            }
            throw .missingColumn(
                path: path, wanted: column.description, found: names,
                suggestion: closestName(to: name, among: names))
        }
    }
}
