import Foundation
import JSON

/// A pair file whose format and columns have been found.
struct OpenedFile {
    var source: any RecordSource
    let layout: PairLayout
    /// The first record where it is a row and no header.
    let pending: Record?

    /// Recognises the format from the first bytes and the columns from the first record.
    init(
        _ lines: LineStream, _ options: PairFileOptions, _ target: PairTarget
    ) throws(PairFileError) {
        guard (0...1).contains(options.maxRejectedShare) else {
            throw .badOption(
                path: lines.path,
                reason: "the share of rejected lines allowed is \(options.maxRejectedShare); "
                    + "it must lie in 0...1")
        }
        let format = try Self.format(of: lines, options)
        let finder = LayoutFinder(path: lines.path, options: options, target: target)
        var record = Record()
        if format == .jsonl {
            var source = JSONLinesSource(lines: lines)
            try Self.readFirst(&source, &record, lines)
            layout = try finder.named(source.keys, format: "JSON lines")
            (self.source, pending) = (source, record)
            return
        }
        let quoting = options.quoting ?? (format == .csv)
        let delimiter = try Self.delimiter(of: lines, options, format)
        var source: any RecordSource =
            quoting
            ? CSVSource(lines: lines, delimiter: delimiter)
            : DelimitedSource(lines: lines, delimiter: delimiter)
        try Self.readFirst(&source, &record, lines)
        let separator = ["\t": "TSV", ",": "CSV"][Character(Unicode.Scalar(delimiter))]
        let words = separator ?? "text separated by '\(Character(Unicode.Scalar(delimiter)))'"
        let row = record.texts
        if try finder.hasHeader(row) {
            (layout, pending) = (try finder.named(row, format: words), nil)
        } else {
            (layout, pending) = (try finder.unnamed(row, format: words), record)
        }
        self.source = source
    }

    /// Reads the first record that is not blank.
    private static func readFirst(
        _ source: inout some RecordSource, _ record: inout Record, _ lines: LineStream
    ) throws(PairFileError) {
        repeat {
            guard try source.next(into: &record) else { throw .empty(path: lines.path) }
        } while record.isBlank
        if let fault = record.fault {
            throw .malformed(path: lines.path, line: record.line, reason: fault)
        }
    }

    private static func format(
        of lines: LineStream, _ options: PairFileOptions
    ) throws(PairFileError) -> PairFormat {
        guard options.format == .automatic else { return options.format }
        let start = lines.peek(1 << 16).drop { JSONReader.isSpace($0) }
        guard let first = start.first else { throw .empty(path: lines.path) }
        if first == UInt8(ascii: "{") { return .jsonl }
        if first == UInt8(ascii: "["), isJSONArray(start) {
            throw .notText(
                path: lines.path,
                reason: "it is a JSON array; write one object a line (JSON lines)")
        }
        // Three columns need two tabs; a lone tab may be part of a sentence.
        let line = start.prefix { $0 != 0x0a }
        return line.count { $0 == 0x09 } >= 2 ? .tsv : .csv
    }

    private static func isJSONArray(_ start: ArraySlice<UInt8>) -> Bool {
        let second = start.dropFirst().first { !JSONReader.isSpace($0) }
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "[")
    }

    private static func delimiter(
        of lines: LineStream, _ options: PairFileOptions, _ format: PairFormat
    ) throws(PairFileError) -> UInt8 {
        if let stated = options.delimiter {
            guard stated.utf8.count == 1, let byte = stated.utf8.first, byte >= 0x09, byte < 0x80,
                !"\"\r\n".utf8.contains(byte)
            else {
                throw .badOption(
                    path: lines.path,
                    reason: "the delimiter '\(stated)' must be one ASCII character, no quote and "
                        + "no line end")
            }
            return byte
        }
        guard format == .csv else { return UInt8(ascii: "\t") }
        // Spreadsheets of countries with a decimal comma separate by semicolons.
        let line = lines.peek(1 << 16).prefix { $0 != 0x0a }
        let hasComma = line.contains(UInt8(ascii: ","))
        return !hasComma && line.contains(UInt8(ascii: ";")) ? UInt8(ascii: ";") : UInt8(ascii: ",")
    }
}
