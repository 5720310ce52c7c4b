/// Fields between separators that may be quoted, as in RFC 4180.
///
/// A quoted field may hold separators, line ends and doubled quotes. A quote inside an unquoted
/// field is an ordinary character, as spreadsheets and Python's `csv` take it.
struct CSVSource: RecordSource {
    let lines: LineStream
    let delimiter: UInt8

    private static let quote = UInt8(ascii: "\"")

    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool {
        guard try lines.next() else { return false }
        record.reset(at: lines)
        var position = lines.line.lowerBound
        while true {
            let start = record.bytes.count
            if position < lines.line.upperBound, lines.bytes[position] == Self.quote {
                position = try quotedField(from: position + 1, into: &record)
            } else {
                let end = indexOfDelimiter(from: position)
                record.bytes.append(contentsOf: lines.bytes[position..<end])
                position = end
            }
            record.endField(from: start)
            guard position < lines.line.upperBound else { return true }
            if lines.bytes[position] != delimiter {
                record.fault =
                    "field \(record.fields.count) goes on after its closing quote; "
                    + "double quotes inside a quoted field"
                return true
            }
            position += 1
        }
    }

    /// Appends a quoted field, over as many lines as it takes; returns the place after its
    /// closing quote.
    private func quotedField(
        from start: Int, into record: inout Record
    ) throws(ExampleFileError) -> Int {
        let (line, field, limit) =
            (lines.number, record.fields.count + 1, record.bytes.count + LineStream.longestLine)
        var position = start
        while true {
            let end = lines.line.upperBound
            guard let quote = lines.bytes[position..<end].firstIndex(of: Self.quote) else {
                record.bytes.append(contentsOf: lines.bytes[position..<(end + lines.terminator)])
                guard record.bytes.count < limit, try lines.next() else {
                    throw .neverClosed(path: lines.path, line: line, field: field)
                }
                position = lines.line.lowerBound
                continue
            }
            record.bytes.append(contentsOf: lines.bytes[position..<quote])
            position = quote + 1
            guard position < end, lines.bytes[position] == Self.quote else { return position }
            record.bytes.append(Self.quote)
            position += 1
        }
    }

    private func indexOfDelimiter(from start: Int) -> Int {
        let end = lines.line.upperBound
        return lines.bytes[start..<end].firstIndex(of: delimiter) ?? end
    }
}
