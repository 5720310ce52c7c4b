import JSON
import Support

/// Recognises how a file is written, from its first lines and the options.
struct FormatFinder {
    let path: String
    /// The first lines of the file.
    let sample: [UInt8]
    let request: ExampleRequest

    static let sampledRecords = 200

    /// Decides everything, or says what has to be stated.
    func find(_ options: ExampleFileOptions) throws(ExampleFileError) -> FileReading {
        if options.columns?.isEmpty == false, options.first != nil || options.second != nil {
            throw .bothStated(path: path)
        }
        let finder = LayoutFinder(path: path, options: options, request: request)
        switch try format(options) {
        case .jsonl: return try jsonLines(finder)
        case .text: return try textLines(finder)
        case let format: return try delimited(finder, format)
        }
    }

    // MARK: - JSON lines and lines of text

    private func jsonLines(_ finder: LayoutFinder) throws(ExampleFileError) -> FileReading {
        var finder = finder
        finder.isDelimited = false
        var source = JSONLinesSource(lines: try LineStream(contents: sample, name: path))
        var record = Record()
        try readFirst(&source, &record)
        var (rows, count) = ([record.texts], 1)
        // The first record may lack some keys.
        while count < Self.sampledRecords, (try? source.next(into: &record)) == true {
            count += 1
            if source.keys.areTuples, !record.isBlank { rows.append(record.texts) }
        }
        let keys = source.keys
        return FileReading(
            format: .jsonLines(keys), hasHeader: false,
            layout: keys.areTuples
                ? try finder.unnamed(rows, areTuples: true, format: "JSON lines")
                : try finder.named(keys.texts, lists: keys.lists, format: "JSON lines"),
            options: finder.options)
    }

    private func textLines(_ finder: LayoutFinder) throws(ExampleFileError) -> FileReading {
        guard request.columns.lowerBound == 1, !request.labels.areNeeded
        else {
            throw .missingTexts(
                path: path, wanted: request.texts, found: ["its lines, each of which is a text"],
                keys: [.format, .columns])
        }
        return FileReading(
            format: .text, hasHeader: false,
            layout: ExampleLayout(
                format: "one text a line", columns: ["the line"], texts: [.field(0)]),
            options: finder.options)
    }

    // MARK: - Delimited files

    private func delimited(
        _ finder: LayoutFinder, _ format: ExampleFormat
    ) throws(ExampleFileError) -> FileReading {
        let options = finder.options
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
    ) throws(ExampleFileError) -> FileReading {
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
    private func rows(
        _ delimiter: UInt8, _ quoting: Bool
    ) throws(ExampleFileError) -> [[String]] {
        let lines = try LineStream(contents: sample, name: path)
        return quoting
            ? try rows(of: CSVSource(lines: lines, delimiter: delimiter))
            : try rows(of: DelimitedSource(lines: lines, delimiter: delimiter))
    }

    private func rows<Source: RecordSource>(
        of source: Source
    ) throws(ExampleFileError) -> [[String]] {
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
    ) throws(ExampleFileError) {
        repeat {
            guard try source.next(into: &record) else { throw .empty(path: path) }
        } while record.isBlank
        if let fault = record.fault {
            throw .malformed(path: path, line: record.line, reason: fault)
        }
    }

    // MARK: - The format

    /// JSON lines or lines of text if the options, the content or the name say so, else what the options say.
    private func format(_ options: ExampleFileOptions) throws(ExampleFileError) -> ExampleFormat {
        guard options.format == .automatic else { return options.format }
        let start = sample.drop { JSONReader.isSpace($0) }
        guard let first = start.first else { throw .empty(path: path) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "\"") && hasName(".jsonl") {
            return .jsonl
        }
        if first == UInt8(ascii: "[") {
            if isJSONArray(start) {
                throw .notText(
                    path: path, reason: "it is a JSON array; write one object a line (JSON lines)")
            }
            if isTuple(start.prefix { $0 != 0x0a }) { return .jsonl }
        }
        return try isText(options) ? .text : .automatic
    }

    private func isJSONArray(_ start: ArraySlice<UInt8>) -> Bool {
        let second = start.dropFirst().first { !JSONReader.isSpace($0) }
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "[")
    }

    /// Whether a line is a JSON list.
    private func isTuple(_ line: ArraySlice<UInt8>) -> Bool {
        (try? JSONValue(parsing: line))?.elements?.isEmpty == false
    }

    /// Whether each line is a text: rows of one text without labels are wanted, the file is named `.txt`, nothing is
    /// stated about fields, and no lines of several fields speak against it.
    private func isText(_ options: ExampleFileOptions) throws(ExampleFileError) -> Bool {
        let fields: [ExampleFileOptions.Key] = [
            .delimiter, .quoting, .header, .columns, .first, .filters,
        ]
        guard request.columns.lowerBound == 1, !request.labels.areNeeded, hasName(".txt"),
            !options.stated.contains(where: fields.contains)
        else { return false }
        let rows = try rows(Self.tab, false)
        guard rows[0].count > 1, rows.allSatisfy({ $0.count == rows[0].count }) else { return true }
        if ColumnNames.isHeader(rows[0], request) { return false }
        throw .ambiguousText(path: path, fields: rows[0].count)
    }

    /// Whether the file's name ends so, compressed or not.
    private func hasName(_ suffix: String) -> Bool {
        let name = path.lowercased()
        return name.hasSuffix(suffix) || name.hasSuffix(suffix + ".gz")
    }

    private static let tab = UInt8(ascii: "\t")
    private static let comma = UInt8(ascii: ",")
    /// Spreadsheets of countries with a decimal comma separate by semicolons.
    private static let semicolon = UInt8(ascii: ";")

    // MARK: - The delimiter

    private func delimiter(
        _ options: ExampleFileOptions, _ format: ExampleFormat
    ) throws(ExampleFileError) -> UInt8 {
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
        case .automatic, .jsonl, .text:
            return try likelyDelimiter([Self.tab, Self.comma, Self.semicolon], options)
        }
    }

    /// The character that gives line 1 three or more fields, or as few as the rows wanted have, and where several do,
    /// as many fields in the rows that follow.
    private func likelyDelimiter(
        _ candidates: [UInt8], _ options: ExampleFileOptions
    ) throws(ExampleFileError) -> UInt8 {
        let needed = request.columns.lowerBound + (request.labels.areNeeded ? 1 : 0)
        let isCSV = !candidates.contains(Self.tab) || hasName(".csv")
        var possible: [(delimiter: UInt8, isSteady: Bool)] = []
        for delimiter in candidates {
            let quoting = options.quoting ?? (delimiter != Self.tab)
            guard let rows = try? rows(delimiter, quoting) else { continue }
            // A comma in a sentence makes two fields, too.
            let isHeader = ColumnNames.isHeader(rows[0], request)
            let isSure = isHeader || needed < 3 && (delimiter == Self.tab || isCSV)
            guard rows[0].count >= (isSure ? 2 : 3), isSure || needed >= 3 else { continue }
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
        if needed < 3, !isCSV { return Self.tab }
        let line = sample.prefix { $0 != 0x0a }
        return !line.contains(Self.comma) && line.contains(Self.semicolon)
            ? Self.semicolon : Self.comma
    }
}
