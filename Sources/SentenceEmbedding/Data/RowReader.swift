import Tokenization

/// Turns records into pairs, and keeps account of those that give none.
struct RowReader<Parser: TargetParser> {
    let path: String
    let layout: PairLayout
    let options: PairFileOptions
    /// What else the quotes of the file could be.
    let scan: QuotingScan?
    private(set) var report: ReadReport

    private var parser: Parser
    private var pairs: [SentencePair<Parser.Label>] = []
    private var refused = 0
    // Whether all sentences so far are numbers.
    private var firstAllNumbers = true
    private var secondAllNumbers = true
    private var valuesFilteredOut: Set<String> = []

    init(
        path: String, layout: PairLayout, parser: Parser, options: PairFileOptions,
        scan: QuotingScan? = nil
    ) {
        self.path = path
        self.layout = layout
        self.parser = parser
        self.options = options
        self.scan = scan
        report = ReadReport(path: path, layout: layout)
    }

    /// Reads all records of the source.
    mutating func readAll(
        _ source: inout some RecordSource
    ) throws(PairFileError) -> [SentencePair<Parser.Label>] {
        var record = Record()
        while try source.next(into: &record) { read(record) }
        try finish()
        return pairs
    }

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
        guard let target = field(layout.target, of: record) else { return }
        switch parser.parse(target, line: record.line) {
        case .value(let label): append(record, label)
        case .unlabelled: report.unlabelled += 1
        case .rejected(let reason, let remedy):
            let mayBeHeader = layout.mayHaveHeader && record.line == 1
            report.reject(line: record.line, reason, remedy: mayBeHeader ? .header : remedy)
        case .refused: refused += 1
        }
    }

    private mutating func append(_ record: Record, _ label: Parser.Label) {
        guard let firstBytes = field(layout.first, of: record),
            let secondBytes = field(layout.second, of: record),
            let first = sentence(firstBytes, layout.first, record.line),
            let second = sentence(secondBytes, layout.second, record.line)
        else { return }
        firstAllNumbers = firstAllNumbers && DecimalNumber.parse(firstBytes) != nil
        secondAllNumbers = secondAllNumbers && DecimalNumber.parse(secondBytes) != nil
        pairs.append(SentencePair(first, second, label: label, line: record.line))
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

    /// The text of a sentence, or nil with the line rejected.
    private mutating func sentence(
        _ bytes: ArraySlice<UInt8>, _ index: Int, _ line: Int
    ) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            report.reject(
                line: line,
                "the sentence in \(layout.name(index)) is not valid UTF-8; "
                    + "is the file in another encoding, such as Latin-1?")
            return nil
        }
        // An escape of JSON can be one where the file itself holds none.
        guard !bytes.contains(0) else {
            report.reject(
                line: line, "the sentence in \(layout.name(index)) holds a NUL character")
            return nil
        }
        guard !BertTokenizer.isBlank(text) else {
            report.reject(line: line, "the sentence in \(layout.name(index)) is empty")
            return nil
        }
        return text
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

    private mutating func finish() throws(PairFileError) {
        report.pairs = pairs.count
        let used = [layout.first, layout.second, layout.target] + layout.filters.map(\.index)
        if try scan?.judge(path, used) == true { report.format += ", quotes kept as text" }
        guard report.rows > 0 else { throw .empty(path: path) }
        let interpretation = try parser.finish(layout)
        report.interpretation = interpretation
        let allowed = options.maxRejectedShare ?? 0
        guard Double(report.rejected) <= allowed * Double(report.rows) else {
            throw .tooManyRejected(report, allowedShare: allowed)
        }
        guard !pairs.isEmpty else {
            let values = valuesFilteredOut.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw .noPairs(
                report, hint: values.isEmpty ? "" : "values in the filter's column: \(values)")
        }
        for (allNumbers, column) in [
            (firstAllNumbers, layout.first), (secondAllNumbers, layout.second),
        ] where allNumbers && pairs.count > 1 {
            throw .numbersAsSentences(path: path, column: layout.name(column))
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
