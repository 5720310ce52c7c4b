import JSON

/// Recognises how a pair file is written, from its first lines and the options.
struct FormatFinder {
    let path: String
    /// The first lines of the file.
    let sample: [UInt8]
    let target: PairTarget

    private static let sampledRecords = 200

    /// Decides everything, or says what has to be stated.
    func find(_ options: PairFileOptions) throws(PairFileError) -> FileReading {
        let finder = LayoutFinder(path: path, options: options, target: target)
        let format = try format(options)
        if format == .jsonl {
            var source = JSONLinesSource(lines: try LineStream(contents: sample, name: path))
            var record = Record()
            try readFirst(&source, &record)
            return FileReading(
                format: .jsonLines, hasHeader: false,
                layout: try finder.named(source.keys, format: "JSON lines"), options: options)
        }
        let delimiter = try delimiter(options, format)
        let quoting =
            options.quoting ?? (format == .csv || format == .automatic && delimiter != Self.tab)
        do {
            return try reading(finder, delimiter, quoting)
        } catch {
            // Names in quotes are no names to the reading that takes quotes for text.
            guard options.quoting == nil, !quoting, sample.first == UInt8(ascii: "\""),
                let quoted = try? reading(finder, delimiter, true), quoted.hasHeader
            else { throw error }
            throw .ambiguousQuoting(path: path, line: 1, found: .header, bareLine: nil)
        }
    }

    private func reading(
        _ finder: LayoutFinder, _ delimiter: UInt8, _ quoting: Bool
    ) throws(PairFileError) -> FileReading {
        let rows = try rows(delimiter, quoting)
        let character = Character(Unicode.Scalar(delimiter))
        let words = ["\t": "TSV", ",": "CSV"][character] ?? "text separated by '\(character)'"
        let hasHeader = try finder.hasHeader(rows[0])
        let layout =
            hasHeader
            ? try finder.named(rows[0], format: words) : try finder.unnamed(rows, format: words)
        return FileReading(
            format: .delimited(
                by: delimiter, quoting: quoting, isStated: finder.options.quoting != nil),
            hasHeader: hasHeader, layout: layout, options: finder.options)
    }

    /// The first rows, at least one.
    private func rows(_ delimiter: UInt8, _ quoting: Bool) throws(PairFileError) -> [[String]] {
        let lines = try LineStream(contents: sample, name: path)
        return quoting
            ? try rows(of: CSVSource(lines: lines, delimiter: delimiter))
            : try rows(of: DelimitedSource(lines: lines, delimiter: delimiter))
    }

    private func rows<Source: RecordSource>(
        of source: Source
    ) throws(PairFileError) -> [[String]] {
        var (source, record) = (source, Record())
        try readFirst(&source, &record)
        var rows = [record.texts]
        // What is wrong further down is for the reading itself to say; the sample may end in a record.
        while rows.count < Self.sampledRecords, (try? source.next(into: &record)) == true {
            if !record.isBlank { rows.append(record.fault == nil ? record.texts : []) }
        }
        return rows
    }

    /// Reads the first record that is not blank.
    private func readFirst(
        _ source: inout some RecordSource, _ record: inout Record
    ) throws(PairFileError) {
        repeat {
            guard try source.next(into: &record) else { throw .empty(path: path) }
        } while record.isBlank
        if let fault = record.fault {
            throw .malformed(path: path, line: record.line, reason: fault)
        }
    }

    /// JSON lines if the options or the content say so, else what the options say.
    private func format(_ options: PairFileOptions) throws(PairFileError) -> PairFormat {
        guard options.format == .automatic else { return options.format }
        let start = sample.drop { JSONReader.isSpace($0) }
        guard let first = start.first else { throw .empty(path: path) }
        if first == UInt8(ascii: "{") { return .jsonl }
        if first == UInt8(ascii: "["), isJSONArray(start) {
            throw .notText(
                path: path, reason: "it is a JSON array; write one object a line (JSON lines)")
        }
        return .automatic
    }

    private func isJSONArray(_ start: ArraySlice<UInt8>) -> Bool {
        let second = start.dropFirst().first { !JSONReader.isSpace($0) }
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "[")
    }

    private static let tab = UInt8(ascii: "\t")
    private static let comma = UInt8(ascii: ",")
    /// Spreadsheets of countries with a decimal comma separate by semicolons.
    private static let semicolon = UInt8(ascii: ";")

    private func delimiter(
        _ options: PairFileOptions, _ format: PairFormat
    ) throws(PairFileError) -> UInt8 {
        if let stated = options.delimiter {
            guard stated.utf8.count == 1, let byte = stated.utf8.first, byte >= 0x09, byte < 0x80,
                !"\"\r\n".utf8.contains(byte)
            else {
                throw .badOption(
                    path: path,
                    reason: "the delimiter '\(stated)' must be one ASCII character, no quote and "
                        + "no line end")
            }
            return byte
        }
        switch format {
        case .tsv, .stsBenchmark: return Self.tab
        case .csv: return try likelyDelimiter([Self.comma, Self.semicolon], options)
        case .automatic, .jsonl:
            return try likelyDelimiter([Self.tab, Self.comma, Self.semicolon], options)
        }
    }

    /// The character that gives three or more fields in line 1, and where several do, as many in the
    /// rows that follow.
    private func likelyDelimiter(
        _ candidates: [UInt8], _ options: PairFileOptions
    ) throws(PairFileError) -> UInt8 {
        var possible: [(delimiter: UInt8, isSteady: Bool)] = []
        for delimiter in candidates {
            let quoting = options.quoting ?? (delimiter != Self.tab)
            guard let rows = try? rows(delimiter, quoting), rows[0].count >= 3 else { continue }
            possible.append((delimiter, rows.allSatisfy { $0.count == rows[0].count }))
        }
        let steady = possible.filter(\.isSteady)
        let likely = (steady.isEmpty ? possible : steady).map(\.delimiter)
        // Tabs hardly ever stand in sentences, commas often.
        if likely.count == 1 || likely.first == Self.tab { return likely[0] }
        if likely.count > 1 {
            throw .ambiguousDelimiter(
                path: path, candidates: likely.map { String(Unicode.Scalar($0)) })
        }
        let line = sample.prefix { $0 != 0x0a }
        return !line.contains(Self.comma) && line.contains(Self.semicolon)
            ? Self.semicolon : Self.comma
    }
}
