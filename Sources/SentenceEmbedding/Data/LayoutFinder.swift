import Support

/// Finds the columns of a pair file from its first rows and the options.
///
/// A column is taken only when no other could be meant.
struct LayoutFinder {
    let path: String
    let options: PairFileOptions
    let target: PairTarget

    private var targetColumn: PairColumn? { target == .score ? options.score : options.label }

    /// Whether the first row of a delimited file names its columns.
    func hasHeader(_ row: [String]) throws(PairFileError) -> Bool {
        if options.format == .stsBenchmark { return false }
        let looksSo = ColumnNames.isHeader(row)
        if options.header == false, looksSo { throw .noHeader(path: path, row: row) }
        if let stated = options.header { return stated }
        let asked =
            [options.first, options.second, targetColumn].compactMap { $0 }
            + (options.filters ?? []).map(\.column)
        let namesAsked = asked.contains { if case .name = $0 { true } else { false } }
        return looksSo || namesAsked
    }

    /// The layout of a file whose columns have names; `format` is "TSV", "CSV" or "JSON lines".
    func named(_ names: [String], format: String) throws(PairFileError) -> PairLayout {
        let folded = names.map { $0.trimmed.lowercased() }
        let third = try namedTarget(folded, names)
        let (first, second) = try namedSentences(folded, names)
        var layout = PairLayout(
            format: "\(format) with named columns", columns: names.map { "'\($0)'" },
            first: first, second: second, target: third, maximumFields: names.count)
        recognisePublished(folded, &layout)
        try addFilters(names, to: &layout)
        if layout.filters.isEmpty {
            layout.unusedSplit = folded.firstIndex { ColumnNames.splits.contains($0) }
        }
        return try checked(layout)
    }

    private func namedTarget(
        _ folded: [String], _ names: [String]
    ) throws(PairFileError) -> Int {
        if let stated = try index(targetColumn, in: names) { return stated }
        let lists =
            target == .score
            ? [ColumnNames.scores, ColumnNames.scoresAsLabels] : [ColumnNames.labels]
        for list in lists {
            let found = folded.indices.filter { list.contains(folded[$0]) }
            if found.count == 1 { return found[0] }
            if !found.isEmpty { throw ambiguous(found.map { "'\(names[$0])'" }) }
        }
        throw unrecognised(target.rawValue, names)
    }

    private func namedSentences(
        _ folded: [String], _ names: [String]
    ) throws(PairFileError) -> (Int, Int) {
        let statedFirst = try index(options.first, in: names)
        let statedSecond = try index(options.second, in: names)
        if let statedFirst, let statedSecond { return (statedFirst, statedSecond) }
        let schemes = ColumnNames.sentencePairs.filter { pair in
            folded.contains(pair.0) && folded.contains(pair.1)
                && (statedFirst.map { folded[$0] == pair.0 } ?? true)
                && (statedSecond.map { folded[$0] == pair.1 } ?? true)
        }
        guard let pair = schemes.first else {
            throw unrecognised(statedFirst == nil ? "first sentence" : "second sentence", names)
        }
        let candidates = folded.indices.filter { index in
            schemes.contains { $0.0 == folded[index] || $0.1 == folded[index] }
                || ColumnNames.continues(pair, folded[index])
        }
        guard candidates.count == 2, let first = folded.firstIndex(of: pair.0),
            let second = folded.firstIndex(of: pair.1)
        else {
            throw ambiguousSentences(candidates.map { "'\(names[$0])'" })
        }
        return (first, second)
    }

    /// The layout of a file without names, from its first rows.
    func unnamed(_ rows: [[String]], format: String) throws(PairFileError) -> PairLayout {
        let row = rows[0]
        let names = (1...max(1, row.count)).map { "column \($0)" }
        let stated = (
            first: try index(options.first, in: names),
            second: try index(options.second, in: names),
            target: try index(targetColumn, in: names)
        )
        var layout: PairLayout
        if target == .score, let published = stsBenchmark(row, names) {
            layout = published
            layout.first = stated.first ?? layout.first
            layout.second = stated.second ?? layout.second
            layout.target = stated.target ?? layout.target
            let own = [published.first, published.second, published.target]
            if own != [layout.first, layout.second, layout.target] { layout.overridden = own }
        } else if options.format == .stsBenchmark {
            throw .badOption(
                path: path,
                reason: "line 1 has \(row.count) fields; the STS benchmark's own format has scores "
                    + "in column 5 and sentences in columns 6 and 7")
        } else {
            let columns = ColumnContents(rows, options)
            let third: Int
            if let target = stated.target {
                third = target
            } else {
                third = try unnamedTarget(columns, row)
            }
            let (first, second) = try unnamedSentences(
                columns, row, stated.first, stated.second, third)
            layout = PairLayout(
                format: "\(format) without header", columns: names, first: first, second: second,
                target: third, maximumFields: row.count)
        }
        layout.mayHaveHeader = options.header == nil
        try addFilters(names, to: &layout)
        return try checked(layout)
    }

    private func stsBenchmark(_ row: [String], _ names: [String]) -> PairLayout? {
        guard row.count >= 7,
            options.format == .stsBenchmark
                || row[0].hasPrefix("main-") && ColumnContents.isNumber(row[4])
        else { return nil }
        // Rows with licence notes have eight or nine fields.
        return PairLayout(
            format: "the STS benchmark's own format (tab-separated, no header, no quoting)",
            columns: names, first: 5, second: 6, target: 4, knownRange: .stsBenchmark,
            isPublished: true)
    }

    private func unnamedTarget(
        _ columns: ColumnContents, _ row: [String]
    ) throws(PairFileError) -> Int {
        let found = target == .score ? columns.numbers : columns.labels
        guard let only = found.first else { throw unrecognised(target.rawValue, row) }
        let numbersRows = target == .score && columns.rowNumbers.contains(only)
        guard found.count == 1, !numbersRows else {
            throw ambiguous(found.map { "column \($0 + 1) ('\(row[$0].prefix(40))')" })
        }
        return only
    }

    private func unnamedSentences(
        _ columns: ColumnContents, _ row: [String], _ first: Int?, _ second: Int?, _ third: Int
    ) throws(PairFileError) -> (Int, Int) {
        if let first, let second { return (first, second) }
        let wanted = first ?? second == nil ? 2 : 1
        let others = row.indices.filter { ![first, second, third].contains($0) }
        let candidates = columns.sentences(among: others, wanted: wanted)
        guard candidates.count >= wanted else {
            throw unrecognised(first == nil ? "first sentence" : "second sentence", row)
        }
        guard candidates.count == wanted else {
            throw ambiguousSentences(
                candidates.map { "column \($0 + 1) ('\(row[$0].prefix(40))')" })
        }
        if let first { return (first, candidates[0]) }
        return (candidates[0], second ?? candidates[1])
    }

    private func recognisePublished(_ names: [String], _ layout: inout PairLayout) {
        func has(_ needed: String...) -> Bool { needed.allSatisfy(names.contains) }
        if has("sentence_a", "sentence_b", "relatedness_score") {
            layout.isPublished = true
            layout.format += " (SICK)"
            if names[layout.target] == "relatedness_score" { layout.knownRange = .sick }
        } else if has("genre", "score"), has("sid") || has("old_index") {
            layout.isPublished = true
            layout.format += " (STS benchmark)"
            if names[layout.target] == "score" {
                layout.knownRange = .stsBenchmark
                layout.rangeNeedsCheck = true
            }
        } else if has("gold_label", "pairid") {
            layout.isPublished = true
            layout.format += has("genre") ? " (MultiNLI)" : " (SNLI)"
        }
    }

    private func addFilters(_ names: [String], to layout: inout PairLayout) throws(PairFileError) {
        for filter in options.filters ?? [] {
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

    private func unrecognised(_ role: String, _ found: [String]) -> PairFileError {
        .unrecognised(
            path: path, role: role, found: found, missing: [.first, .second, target.key])
    }

    private func ambiguous(_ candidates: [String]) -> PairFileError {
        .ambiguousColumns(
            path: path, role: target.rawValue, candidates: candidates, missing: [target.key])
    }

    private func ambiguousSentences(_ candidates: [String]) -> PairFileError {
        let stated: [(PairFileOptions.Key, PairColumn?)] = [
            (.first, options.first), (.second, options.second),
        ]
        return .ambiguousColumns(
            path: path, role: "sentence", candidates: candidates,
            missing: stated.filter { $0.1 == nil }.map(\.0))
    }
}
