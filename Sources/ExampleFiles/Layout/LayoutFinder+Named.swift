import Support

/// Files whose columns have names.
extension LayoutFinder {
    /// The layout of a file whose columns have names; `format` is "TSV", "CSV" or "JSON lines".
    func named(
        _ names: [String], lists: [Int: Int] = [:], format: String
    ) throws(ExampleFileError) -> ExampleLayout {
        let columns = Names(names, lists: lists)
        var target = try namedTarget(columns)
        var (texts, negatives) = try namedTexts(columns)
        if negatives != nil, texts.count >= request.columns.upperBound {
            negatives = nil
            // Of negatives that are not used, the scores are not either.
            if case .numbers(let places) = target, places.count == 2, case .list = places[1] {
                target = .numbers([places[0]])
            }
        }
        var layout = ExampleLayout(
            format: "\(format) with named columns", columns: names.map { "'\($0)'" },
            texts: texts, negatives: negatives, target: target, maximumFields: names.count)
        layout.scheme = scheme(layout.texts, columns)
        recognisePublished(columns.folded, &layout)
        try addFilters(names, to: &layout)
        if layout.filters.isEmpty {
            layout.unusedSplit = columns.folded.firstIndex { ColumnNames.splits.contains($0) }
        }
        if case .none = target {
            let labels =
                ColumnNames.scores + ColumnNames.labels + ColumnNames.margins
                + [ColumnNames.scoreLists.positives]
            layout.unusedTarget = columns.columns(labels).first { !layout.used.contains($0) }
        }
        return try checked(layout)
    }

    /// The names by which the texts were found, where no columns are stated.
    private func scheme(_ texts: [TextPlace], _ names: Names) -> ExampleLayout.Scheme {
        guard options.columns == nil, options.first == nil || options.second == nil else {
            return .none
        }
        let fields = texts.map(\.field)
        if fields.count == 1 { return options.first == nil ? .single : .none }
        guard fields.count > 1, fields[0] != fields[1] else { return .none }
        return .pair(names.folded[fields[0]], names.folded[fields[1]])
    }

    // MARK: - Labels

    private func namedTarget(_ names: Names) throws(ExampleFileError) -> ExampleLayout.Target {
        if request.labels == .none { return .none }
        if request.labels == .vectors {
            if let stated = try indices(options.scores, in: names.names) {
                return .numbers(stated.map { names.lists[$0] == nil ? .field($0) : .list($0) })
            }
            if options.score == nil, let numbers = teacherScores(names) { return .numbers(numbers) }
        }
        if let stated = try index(targetColumn, in: names.names) { return target(stated, names) }
        for list in targetNames {
            let found = names.columns(list)
            if found.count == 1 { return target(found[0], names) }
            if !found.isEmpty { throw ambiguous(names.quoted(found)) }
        }
        if request.labels == .optionalScores { return .none }
        throw unrecognised(request.labels.word, names.names, other: otherLabels(names))
    }

    private func target(_ column: Int, _ names: Names) -> ExampleLayout.Target {
        request.labels == .vectors && names.lists[column] != nil
            ? .numbers([.list(column)]) : .column(column)
    }

    /// The names that the column of the labels may have, the surer ones first.
    private var targetNames: [[String]] {
        switch request.labels {
        case .none: []
        case .scores: [ColumnNames.scores, ColumnNames.scoresAsLabels]
        case .optionalScores: [ColumnNames.scores]
        case .rawScores, .vectors:
            [ColumnNames.margins, ColumnNames.scores, ColumnNames.scoresAsLabels]
        case .classes: [ColumnNames.labels]
        }
    }

    /// A teacher's scores of several texts, by their names.
    private func teacherScores(_ names: Names) -> [ExampleLayout.NumberPlace]? {
        let lists = ColumnNames.scoreLists
        if let positives = names.lists([lists.positives]).first,
            let negatives = names.lists([lists.negatives]).first
        {
            let isChosen = !names.lists(ColumnNames.positiveLists).isEmpty
            return [isChosen ? .choice(positives) : .list(positives), .list(negatives)]
        }
        for (positive, negative) in ColumnNames.teacherScores {
            let negatives = ColumnNames.sorted(
                names.folded.indices.filter { ColumnNames.isNumbered(names.folded[$0], negative) },
                by: { ColumnNames.number(names.folded[$0]) })
            guard let first = names.folded.firstIndex(of: positive), !negatives.isEmpty else {
                continue
            }
            return [.field(first)] + negatives.map { .field($0) }
        }
        return nil
    }

    /// Labels of another kind that the file has, for the message that those wanted are not there.
    private func otherLabels(_ names: Names) -> OtherLabels? {
        let (scores, labels) = (
            names.columns(ColumnNames.scores), names.columns(ColumnNames.labels)
        )
        if request.labels == .classes {
            if let score = scores.first { return .scores(column: names.names[score]) }
        } else if let label = labels.first {
            return .classes(column: names.names[label])
        }
        return nil
    }

    private func recognisePublished(_ names: [String], _ layout: inout ExampleLayout) {
        func has(_ needed: String...) -> Bool { needed.allSatisfy(names.contains) }
        let target = if case .column(let column) = layout.target { names[column] } else { "" }
        if has("sentence_a", "sentence_b", "relatedness_score") {
            layout.isPublished = true
            layout.format += " (SICK)"
            if target == "relatedness_score" { layout.knownRange = .sick }
        } else if has("genre", "score"), has("sid") || has("old_index") {
            layout.isPublished = true
            layout.format += " (STS benchmark)"
            if target == "score" {
                layout.knownRange = .stsBenchmark
                layout.rangeNeedsCheck = true
            }
        } else if has("gold_label", "pairid") {
            layout.isPublished = true
            layout.format += has("genre") ? " (MultiNLI)" : " (SNLI)"
        }
    }
}
