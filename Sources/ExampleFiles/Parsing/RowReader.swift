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
    private(set) var positions: [RowPositions]
    private(set) var digest: RowDigest
    private(set) var count = 0
    private(set) var negatives: NegativeCount
    private let texts: RecordTexts

    // Whether all sentences of a column so far are numbers or truth values.
    private var allNumbers: [Bool]
    // The same for the list of negatives, and how many there were.
    private var negativesAreNumbers = true
    private var negativeCount = 0
    private var lateKeys: LateKeys
    private var valuesFilteredOut: Set<String> = []

    init(
        path: String, layout: ExampleLayout, parser: Parser, options: ExampleFileOptions,
        request: ExampleRequest, scan: QuotingScan? = nil, positions: [RowPositions]
    ) {
        self.path = path
        self.layout = layout
        self.parser = parser
        self.options = options
        self.request = request
        self.scan = scan
        report = ReadReport(path: path, layout: layout, request: request)
        self.positions = positions
        negatives = NegativeCount(layout, request)
        texts = RecordTexts(
            layout: layout, request: request, mostNegatives: negatives.most)
        allNumbers = layout.texts.map { _ in true }
        lateKeys = LateKeys(path: path, layout: layout, request: request)
        let hasLabels = request.labels != .vectors && !layout.targetFields.isEmpty
        digest = RowDigest(
            arePairsWithLabels: hasLabels && layout.texts.count == 2 && layout.negatives == nil)
    }

    /// Makes room for about so many rows.
    mutating func reserve(_ rows: Int) {
        for index in positions.indices { positions[index].reserve(rows) }
    }

    /// Reads all records of the source.
    mutating func readAll(_ source: any RecordSource) throws(ExampleFileError) {
        // A type of its own for each source would leave the parsers to be looked up at every row.
        var (source, record) = (source, Record())
        while try source.next(into: &record) {
            try read(record)
            try writePositions(ifAtLeast: 1 << 16)
        }
        try writePositions(ifAtLeast: 1)
        try finish()
    }

    private mutating func writePositions(ifAtLeast count: Int) throws(ExampleFileError) {
        for index in positions.indices { try positions[index].write(ifAtLeast: count) }
    }

    private mutating func read(_ record: Record) throws(ExampleFileError) {
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
        if !record.lateKeys.isEmpty { try lateKeys.note(record) }
        do throws(Rejection) { try readRows(of: record) } catch {
            report.reject(line: record.line, error.reason, remedy: error.remedy)
        }
    }

    /// Reads the rows of a record: all of them or none.
    private mutating func readRows(of record: Record) throws(Rejection) {
        let choices = try texts.choices(of: record)
        guard let first = try label(of: record, 0) else { return }
        let count = try texts.count(record, 0)
        var others: [Parser.Label] = []
        for choice in 1..<max(1, choices) {
            guard let label = try label(of: record, choice) else { return }
            _ = try texts.count(record, choice)
            others.append(label)
        }
        guard let used = negatives.use(record) else {
            let (found, needed) = negatives.lack(record)
            let name = layout.negatives.map(layout.name) ?? ""
            throw Rejection(reason: "\(name) has \(found) texts, and \(needed) are needed")
        }
        append(record, 0, first, texts: count, negatives: used)
        for (index, label) in others.enumerated() {
            append(record, index + 1, label, texts: count, negatives: used)
        }
    }

    private mutating func append(
        _ record: Record, _ choice: Int, _ label: Parser.Label, texts count: Int,
        negatives used: Int
    ) {
        for (index, place) in layout.texts.prefix(count).enumerated() {
            guard let bytes = record.bytes(at: place, choice: choice) else { continue }
            if allNumbers[index] { allNumbers[index] = Self.isNumber(bytes) }
            digest.add(bytes)
        }
        if let field = layout.negatives {
            for element in 0..<used {
                guard let bytes = record.bytes(at: .element(field: field, element), choice: 0)
                else { continue }
                if negativesAreNumbers { negativesAreNumbers = Self.isNumber(bytes) }
                negativeCount += 1
                digest.add(bytes)
            }
        }
        digest.endRow(count + used, label: parser.append(label))
        for index in positions.indices {
            positions[index].append(
                offset: record.offsets[index], choice: choice, line: record.line)
        }
        self.count += 1
    }

    /// Whether bytes are a number, or a truth value as JSON has it.
    private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        DecimalNumber.parse(bytes) != nil || bytes.elementsEqual("true".utf8)
            || bytes.elementsEqual("false".utf8)
    }

    /// The label of a row; nil when it has none, or one that contradicts the options.
    private mutating func label(
        of record: Record, _ choice: Int
    ) throws(Rejection) -> Parser.Label? {
        let fields = try texts.labelFields(of: record, choice)
        switch parser.parse(fields, line: record.line) {
        case .value(let label): return label
        case .unlabelled: report.unlabelled += 1
        case .rejected(let reason, let remedy):
            let mayBeHeader = layout.mayHaveHeader && record.line == 1
            throw Rejection(reason: reason, remedy: mayBeHeader ? .header : remedy)
        case .refused: break
        }
        return nil
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
        if let field = layout.negatives, negativesAreNumbers, negativeCount > 1 {
            throw .numbersAsSentences(path: path, column: layout.name(field))
        }
        (report.lateKeys, report.lateRows) = (lateKeys.names, lateKeys.rows)
        if case .none = layout.target, layout.mayHaveHeader {
            report.warnings.append(.mayHaveHeader(row: layout.firstRow))
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
