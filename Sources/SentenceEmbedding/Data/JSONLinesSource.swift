/// One JSON object a line; the fields are the values of the keys of the first object.
struct JSONLinesSource: RecordSource {
    let lines: LineStream
    /// The keys of the first object, in order; a field has the index of its key.
    private(set) var keys: [String] = []
    private var keyBytes: [[UInt8]] = []

    init(lines: LineStream) { self.lines = lines }

    mutating func next(into record: inout Record) throws(PairFileError) -> Bool {
        guard try lines.next() else { return false }
        record.reset(line: lines.number)
        let line = lines.bytes[lines.line]
        guard line.contains(where: { !JSONScanner.isSpace($0) }) else { return true }
        let isFirst = keyBytes.isEmpty
        record.fields = [Range<Int>?](repeating: nil, count: keyBytes.count)
        var scanner = JSONScanner(line)
        do throws(JSONScanner.Fault) {
            try scanner.readObject { (scanner, key) throws(JSONScanner.Fault) in
                let start = record.bytes.count
                let isAbsent = try scanner.readValue(into: &record.bytes)
                let value = isAbsent ? nil : start..<record.bytes.count
                if let index = keyBytes.firstIndex(of: key) {
                    record.fields[index] = value
                } else if isFirst {
                    keyBytes.append(key)
                    record.fields.append(value)
                }
            }
        } catch {
            record.fault = "invalid JSON: \(error.reason) at column \(error.column)"
        }
        if isFirst { keys = keyBytes.map { String(decoding: $0, as: UTF8.self) } }
        return true
    }
}
