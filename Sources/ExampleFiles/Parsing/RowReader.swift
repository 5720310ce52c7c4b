/// Turns records into rows, and keeps account of those that give none.
struct RowReader<Parser: TargetParser> {
    let path: String
    let layout: ExampleLayout
    let options: ExampleFileOptions
    let request: ExampleRequest
    /// What else the quotes of the file could be.
    let scan: QuotingScan?
    private(set) var report: ReadReport

    private(set) var parser: Parser
    /// Where the rows are, in each file: parallel ones have places of their own.
    private(set) var positions: [FileRows.Positions]
    private(set) var digest: RowDigest
    private(set) var count = 0
    private(set) var negatives: NegativeCount

    // Whether all sentences of a column so far are numbers.
    private var allNumbers: [Bool]
    private var valuesFilteredOut: Set<String> = []

    init(
        path: String, layout: ExampleLayout, parser: Parser, options: ExampleFileOptions,
        request: ExampleRequest, scan: QuotingScan? = nil, files: Int = 1
    ) {
        self.path = path
        self.layout = layout
        self.parser = parser
        self.options = options
        self.request = request
        self.scan = scan
        report = ReadReport(path: path, layout: layout, request: request)
        positions = Array(repeating: .init(), count: files)
        negatives = NegativeCount(layout, request)
        allNumbers = layout.texts.map { _ in true }
        let hasLabels = request.labels != .vectors && !layout.targetFields.isEmpty
        digest = RowDigest(
            arePairsWithLabels: hasLabels && layout.texts.count == 2 && layout.negatives == nil)
    }

    /// Makes room for about so many rows.
    mutating func reserve(_ rows: Int) {
        for index in positions.indices { positions[index].reserve(rows) }
    }

    /// Reads all records of the source.
    mutating func readAll(_ source: inout some RecordSource) throws(ExampleFileError) {
        var record = Record()
        while try source.next(into: &record) { read(record) }
        try finish()
    }

    // MARK: - Records

    private mutating func read(_ record: Record) {
        if record.isBlank { return }
        report.rows += 1
        if let fault = record.fault { return report.reject(line: record.line, fault) }
        if let maximum = layout.maximumFields, record.fields.count > maximum {
            return report.reject(
                line: record.line,
                "\(record.fields.count) fields, where line 1 has \(maximum); "
                    + "is there a separator inside a sentence?")
        }
        guard passesFilters(record) else {
            report.filtered += 1
            return
        }
        guard let choices = choices(of: record) else { return }
        // A record gives all of its rows or none.
        var labels: [Parser.Label] = []
        var texts = 0
        for choice in 0..<choices {
            guard let label = label(of: record, choice), let count = checkTexts(record, choice)
            else { return }
            labels.append(label)
            texts = count
        }
        guard let used = negatives.use(record) else {
            let (found, needed) = negatives.lack(record)
            return report.reject(
                line: record.line,
                "\(name(.field(layout.negatives ?? 0))) has \(found) texts, and \(needed) are needed"
            )
        }
        for (choice, label) in labels.enumerated() {
            append(record, choice, label, texts: texts, negatives: used)
        }
    }

    private mutating func append(
        _ record: Record, _ choice: Int, _ label: Parser.Label, texts: Int, negatives used: Int
    ) {
        for (index, place) in layout.texts.prefix(texts).enumerated() {
            guard let bytes = record.bytes(at: place, choice: choice) else { continue }
            if allNumbers[index] { allNumbers[index] = DecimalNumber.parse(bytes) != nil }
            digest.add(bytes)
        }
        if let field = layout.negatives {
            for element in 0..<used {
                guard let bytes = record.bytes(at: .element(field: field, element), choice: 0)
                else { continue }
                digest.add(bytes)
            }
        }
        digest.endRow(texts + used, label: parser.append(label))
        for index in positions.indices {
            positions[index].append(
                offset: record.offsets[index], choice: choice, line: record.line)
        }
        count += 1
    }

    /// How many rows a record gives; nil with the line rejected.
    private mutating func choices(of record: Record) -> Int? {
        guard let (field, first) = layout.choice else { return 1 }
        guard let elements = record.list(field) else {
            report.reject(
                line: record.line, "\(layout.name(field)) is missing, null, or no list of texts")
            return nil
        }
        let count = elements.count - first
        guard count > 0, count <= FileRows.Positions.mostChoices else {
            report.reject(
                line: record.line,
                "\(layout.name(field)) has \(elements.count) texts; \(first + 1) or more are needed, "
                    + "and no more than \(FileRows.Positions.mostChoices)")
            return nil
        }
        return count
    }

    // MARK: - Labels

    /// The label of a row; nil with the line rejected, skipped or refused.
    private mutating func label(of record: Record, _ choice: Int) -> Parser.Label? {
        guard let fields = labelFields(of: record, choice) else { return nil }
        switch parser.parse(fields, line: record.line) {
        case .value(let label): return label
        case .unlabelled: report.unlabelled += 1
        case .rejected(let reason, let remedy):
            let mayBeHeader = layout.mayHaveHeader && record.line == 1
            report.reject(line: record.line, reason, remedy: mayBeHeader ? .header : remedy)
        case .refused: break
        }
        return nil
    }

    private mutating func labelFields(
        of record: Record, _ choice: Int
    ) -> [ArraySlice<UInt8>]? {
        switch layout.target {
        case .none: return []
        case .column(let index): return field(index, of: record).map { [$0] }
        case .numbers(let places):
            var fields: [ArraySlice<UInt8>] = []
            for place in places {
                switch place {
                case .field(let index):
                    guard let bytes = field(index, of: record) else { return nil }
                    fields.append(bytes)
                case .list(let index):
                    // Of negatives that are not used, the scores are not either.
                    let limit =
                        places.count > 1 && layout.negatives != nil ? negatives.most : Int.max
                    let elements = record.list(index) ?? [nil]
                    for range in elements.prefix(limit) {
                        fields.append(range.map { record.bytes[$0] } ?? [])
                    }
                case .choice(let index):
                    fields.append(
                        record.bytes(at: .choice(field: index, first: 0), choice: choice) ?? [])
                }
            }
            return fields
        }
    }

    /// The bytes of a field, or nil with the line rejected.
    private mutating func field(_ index: Int, of record: Record) -> ArraySlice<UInt8>? {
        if let bytes = record.field(index) { return bytes }
        report.reject(
            line: record.line,
            index < record.fields.count
                ? "\(layout.name(index)) is missing, null, or not a plain value"
                : "\(layout.name(index)) is missing: the line has \(record.fields.count) fields")
        return nil
    }

    // MARK: - Texts

    /// The number of texts that a row has without the list of negatives; nil with the line rejected.
    private mutating func checkTexts(_ record: Record, _ choice: Int) -> Int? {
        var end: Int?
        for (index, place) in layout.texts.enumerated() {
            let bytes = record.bytes(at: place, choice: choice)
            let mayLack = index >= 2 && request.allowsMissingTexts
            if mayLack, bytes.map({ TextContent.problem($0) == .blank }) ?? true {
                end = end ?? index
                continue
            }
            if let end {
                report.reject(
                    line: record.line,
                    "\(name(layout.texts[end])) is empty, and \(name(place)) is not; "
                        + "put the negatives that a row lacks last")
                return nil
            }
            guard isText(bytes, place, record) else { return nil }
        }
        let texts = end ?? layout.texts.count
        if texts < request.columns.lowerBound, layout.negatives == nil {
            report.reject(line: record.line, "\(texts) texts, and \(request.texts) are wanted")
            return nil
        }
        if choice == 0, let field = layout.negatives {
            for element in 0..<min(negatives.most, record.list(field)?.count ?? 0) {
                let place = TextPlace.element(field: field, element)
                guard isText(record.bytes(at: place, choice: 0), place, record) else { return nil }
            }
        }
        return texts
    }

    /// Whether bytes are a text; the line is rejected if not.
    private mutating func isText(
        _ bytes: ArraySlice<UInt8>?, _ place: TextPlace, _ record: Record
    ) -> Bool {
        guard let bytes else {
            if case .field(let index) = place {
                _ = field(index, of: record)
            } else {
                report.reject(line: record.line, "\(name(place)) is missing, null, or no text")
            }
            return false
        }
        guard let problem = TextContent.problem(bytes) else { return true }
        let reason =
            switch problem {
            case .notUTF8: "is not valid UTF-8; is the file in another encoding, such as Latin-1?"
            case .holdsNUL: "holds a NUL character"
            case .blank: "is empty"
            }
        report.reject(line: record.line, "the sentence in \(name(place)) \(reason)")
        return false
    }

    private func name(_ place: TextPlace) -> String {
        switch place {
        case .field(let field): layout.name(field)
        case .element(let field, let element): "element \(element + 1) of \(layout.name(field))"
        case .choice(let field, _): "\(layout.name(field))"
        }
    }

    private mutating func passesFilters(_ record: Record) -> Bool {
        for filter in layout.filters {
            let value = record.field(filter.index) ?? []
            if filter.values.contains(where: { value.elementsEqual($0.utf8) }) { continue }
            if valuesFilteredOut.count < 10 {
                valuesFilteredOut.insert(String(decoding: value.prefix(40), as: UTF8.self))
            }
            return false
        }
        return true
    }

    // MARK: - The end

    private mutating func finish() throws(ExampleFileError) {
        report.examples = count
        report.textCount = layout.texts.count + negatives.columns
        report.cutRows = negatives.cut
        report.roles = layout.roles(report.textCount).map(\.role)
        let used = layout.used + layout.filters.map(\.index)
        if try scan?.judge(path, used) == true { report.format += ", quotes kept as text" }
        guard report.rows > 0 else { throw .empty(path: path) }
        let interpretation = try parser.finish(layout)
        report.interpretation = interpretation
        let allowed = options.maxRejectedShare ?? 0
        guard Double(report.rejected) <= allowed * Double(report.rows) else {
            throw .tooManyRejected(report, allowedShare: allowed)
        }
        guard count > 0 else {
            let values = valuesFilteredOut.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw .noExamples(
                report, hint: values.isEmpty ? "" : "values in the filter's column: \(values)")
        }
        for (index, place) in layout.texts.enumerated() where allNumbers[index] && count > 1 {
            throw .numbersAsSentences(path: path, column: layout.name(place.field))
        }
        if let split = layout.unusedSplit {
            report.warnings.append(.unusedSplit(column: layout.name(split)))
        }
        if let own = layout.overridden {
            report.warnings.append(
                .formatOverridden(format: layout.format, columns: own.map(layout.name)))
        }
        guard let warning = parser.warning else { return }
        if warning == .unusedLabelOrder, report.shared.contains(.labelOrder) {
            report.shared.removeAll { $0 == .labelOrder }
        } else {
            report.warnings.append(warning)
        }
    }
}
