import Support

/// The columns of the texts in files whose columns have names.
extension LayoutFinder {
    /// Where the texts of a row are, and the list of its negatives.
    typealias Texts = (texts: [TextPlace], negatives: Int?)

    /// The columns of the texts: those stated, or those that their names tell.
    func namedTexts(_ names: Names) throws(ExampleFileError) -> Texts {
        if let stated = try indices(options.columns, in: names.names) {
            return try places(stated, names)
        }
        let first = try index(options.first, in: names.names)
        let second = try index(options.second, in: names.names)
        if request.columns.upperBound == 1 {
            if let first { return try places([first], names) }
            return try places([onlyText(names)], names)
        }
        if let first, let second { return try places([first, second], names) }
        if let places = try listedTexts(names, first, second) { return places }
        return try schemeTexts(names, first, second)
    }

    /// The places of the texts in columns that are named in order.
    private func places(_ columns: [Int], _ names: Names) throws(ExampleFileError) -> Texts {
        var (texts, negatives): ([TextPlace], Int?) = ([], nil)
        for (position, column) in columns.enumerated() {
            if names.lists[column] == nil {
                texts.append(.field(column))
            } else if columns.count == 1, request.columns.lowerBound > 1 {
                texts = [.element(field: column, 0), .choice(field: column, first: 1)]
            } else if position == 1 || columns.count == 1 {
                texts.append(.choice(field: column, first: 0))
            } else if position >= 2, position == columns.count - 1 {
                negatives = column
            } else {
                throw .badOption(
                    path: path,
                    reason:
                        "'\(names.names[column])' is a list; only the positives, which stand second, "
                        + "and the negatives, which stand last, can be lists")
            }
        }
        return (texts, negatives)
    }

    /// The only column of texts in rows of one text.
    private func onlyText(_ names: Names) throws(ExampleFileError) -> Int {
        let found = names.columns(ColumnNames.texts)
        if found.count == 1 { return found[0] }
        if found.count > 1 { throw ambiguousTexts(names.quoted(found)) }
        let labels = names.columns(
            ColumnNames.scores + ColumnNames.labels + ColumnNames.margins + ColumnNames.splits)
        let others = names.names.indices.filter { !labels.contains($0) }
        guard others.count == 1 else { throw unrecognised("text", names.names) }
        return others[0]
    }

    /// Texts of which some are lists: `query`, `pos` and `neg`, or `set`.
    private func listedTexts(
        _ names: Names, _ first: Int?, _ second: Int?
    ) throws(ExampleFileError) -> Texts? {
        guard first == nil || second == nil else { return nil }
        let sets = names.lists([ColumnNames.set])
        let positives = names.lists(ColumnNames.positiveLists)
        if positives.isEmpty, sets.count == 1, first == nil, second == nil {
            return try places(sets, names)
        }
        guard let positive = second ?? positives.first else { return nil }
        let anchors = first.map { [$0] } ?? names.columns(ColumnNames.anchors)
        let negatives = names.lists(ColumnNames.negativeLists)
        for candidates in [second == nil ? positives : [positive], anchors, negatives]
        where candidates.count > 1 {
            throw ambiguousTexts(names.quoted(candidates))
        }
        guard let anchor = anchors.first else { throw unrecognised("anchor", names.names) }
        return try places([anchor, positive] + negatives, names)
    }

    /// Texts named by a scheme, such as `sentence1` and `sentence2`, or `anchor`, `positive` and `negative`.
    private func schemeTexts(
        _ names: Names, _ first: Int?, _ second: Int?
    ) throws(ExampleFileError) -> Texts {
        let folded = names.folded
        func fitting(_ pairs: [(String, String)]) -> [(String, String)] {
            pairs.filter { pair in
                folded.contains(pair.0) && folded.contains(pair.1)
                    && (first.map { folded[$0] == pair.0 } ?? true)
                    && (second.map { folded[$0] == pair.1 } ?? true)
            }
        }
        var schemes = fitting(ColumnNames.pairs)
        if schemes.isEmpty { schemes = fitting(ColumnNames.questionPairs) }
        guard let pair = schemes.first else {
            if request.columns.lowerBound == 1, second == nil {
                if let first { return try places([first], names) }
                return try places([onlyText(names)], names)
            }
            if request.columns != 2...2 { throw unrecognised("texts", names.names) }
            throw unrecognised(first == nil ? "first sentence" : "second sentence", names.names)
        }
        let more = ColumnNames.sorted(
            folded.indices.filter { ColumnNames.continues(pair, folded[$0]) },
            by: { ColumnNames.place(folded[$0], after: pair) })
        let candidates = folded.indices.filter { index in
            schemes.contains { $0.0 == folded[index] || $0.1 == folded[index] }
                || more.contains(index)
        }
        let isOneScheme = candidates.count == 2 + more.count && schemes.count == 1
        guard
            candidates.count == 2 || isOneScheme && candidates.count <= request.columns.upperBound,
            let first = folded.firstIndex(of: pair.0), let second = folded.firstIndex(of: pair.1)
        else {
            throw ambiguousTexts(names.quoted(candidates))
        }
        return try places([first, second] + (candidates.count > 2 ? more : []), names)
    }
}
