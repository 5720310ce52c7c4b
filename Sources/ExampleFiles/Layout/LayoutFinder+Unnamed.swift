/// Files whose columns have no names.
extension LayoutFinder {
    /// The layout of a file without names, from its first rows; lines of JSON lists have their texts in order.
    func unnamed(
        _ rows: [[String]], areTuples: Bool = false, format: String
    ) throws(ExampleFileError) -> ExampleLayout {
        let row = rows[0]
        let names = (1...max(1, row.count)).map { "column \($0)" }
        let texts = try indices(options.columns, in: names)
        let first = try index(options.first, in: names)
        let second = try index(options.second, in: names)
        let target = try index(targetColumn, in: names)
        var layout: ExampleLayout
        if let published = stsBenchmark(row, names) {
            layout = published
            if let texts { layout.texts = texts.map { .field($0) } }
            if let first { layout.texts[0] = .field(first) }
            if let second { layout.texts[1] = .field(second) }
            if request.labels == .none { layout.target = .none }
            if let target { layout.target = .column(target) }
            if published.used != layout.used, request.labels != .none {
                layout.overridden = published.used
            }
        } else if options.format == .stsBenchmark {
            throw .badOption(
                path: path,
                reason: "line 1 has \(row.count) fields; the STS benchmark's own format has scores "
                    + "in column 5 and sentences in columns 6 and 7")
        } else {
            let columns = ColumnContents(rows, options, isInference: request.columns == 2...2)
            let labels =
                if let target { ExampleLayout.Target.column(target) } else {
                    try unnamedTarget(columns, row, names)
                }
            let taken = ExampleLayout(
                format: "", columns: names, texts: [], target: labels
            ).targetFields
            let found =
                if let texts { texts } else {
                    try unnamedTexts(columns, row, first, second, taken, areTuples)
                }
            layout = ExampleLayout(
                format: "\(format) without header", columns: names,
                texts: found.map { .field($0) }, target: labels,
                maximumFields: row.count)
            if areTuples { layout.format = "\(format) of lists" }
            if case .none = labels {
                layout.unusedTarget = columns.numbers.first { !found.contains($0) }
            }
        }
        layout.mayHaveHeader = options.header == nil && !areTuples && !layout.isPublished
        if layout.mayHaveHeader { layout.firstRow = row }
        try addFilters(names, to: &layout)
        return try checked(layout)
    }

    private func stsBenchmark(_ row: [String], _ names: [String]) -> ExampleLayout? {
        guard row.count >= 7, request.columns.contains(2), request.labels != .classes,
            options.format == .stsBenchmark
                || row[0].hasPrefix("main-") && ColumnContents.isNumber(row[4])
        else { return nil }
        // Rows with licence notes have eight or nine fields.
        return ExampleLayout(
            format: "the STS benchmark's own format",
            columns: names, texts: [.field(5), .field(6)], target: .column(4),
            knownRange: .stsBenchmark, isPublished: true)
    }

    private func unnamedTarget(
        _ columns: ColumnContents, _ row: [String], _ names: [String]
    ) throws(ExampleFileError) -> ExampleLayout.Target {
        var found = columns.numbers
        switch request.labels {
        case .none: return .none
        case .optionalScores where columns.numbers.isEmpty: return .none
        case .scores, .optionalScores, .rawScores: break
        case .classes: found = columns.labels
        case .vectors:
            if let stated = try indices(options.scores, in: names) {
                return .numbers(stated.map { .field($0) })
            }
        }
        guard let only = found.first else { throw unrecognised(request.labels.word, row) }
        let numbersRows = request.labels != .classes && columns.rowNumbers.contains(only)
        guard found.count == 1, !numbersRows else {
            throw ambiguous(candidates(found, row))
        }
        return .column(only)
    }

    private func unnamedTexts(
        _ columns: ColumnContents, _ row: [String], _ first: Int?, _ second: Int?, _ taken: [Int],
        _ areTuples: Bool
    ) throws(ExampleFileError) -> [Int] {
        if request.columns.upperBound == 1, let first { return [first] }
        if let first, let second { return [first, second] }
        let wanted = request.columns
        let others = row.indices.filter {
            $0 != first && $0 != second && !taken.contains($0)
        }
        if first != nil || second != nil || wanted == 2...2 {
            return try pair(columns, row, others, first, second)
        }
        if areTuples, wanted.contains(others.count) { return others }
        let found = columns.sentences(among: others, wanted: wanted.lowerBound)
        guard found.count >= wanted.lowerBound else {
            throw .missingTexts(
                path: path, wanted: request.texts, found: candidates(others, row), keys: [.columns])
        }
        // Of more texts than are needed, nothing says which is what.
        guard found.count == wanted.lowerBound else { throw ambiguousTexts(candidates(found, row)) }
        return found
    }

    private func pair(
        _ columns: ColumnContents, _ row: [String], _ others: [Int], _ first: Int?, _ second: Int?
    ) throws(ExampleFileError) -> [Int] {
        let wanted = first ?? second == nil ? 2 : 1
        let found = columns.sentences(among: others, wanted: wanted)
        guard found.count >= wanted else {
            throw unrecognised(first == nil ? "first sentence" : "second sentence", row)
        }
        guard found.count == wanted else { throw ambiguousTexts(candidates(found, row)) }
        if let first { return [first, found[0]] }
        return [found[0], second ?? found[1]]
    }

    private func candidates(_ columns: [Int], _ row: [String]) -> [String] {
        columns.map { "column \($0 + 1) ('\(row[$0].prefix(40))')" }
    }
}
