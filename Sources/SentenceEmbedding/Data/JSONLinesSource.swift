import JSON

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
        guard line.contains(where: { !JSONReader.isSpace($0) }) else { return true }
        let isFirst = keyBytes.isEmpty
        record.fields = [Range<Int>?](repeating: nil, count: keyBytes.count)
        var doubled: [UInt8]?
        var reader = JSONReader(lines.bytes, in: lines.line)
        do throws(JSONError) {
            try reader.readObject { (reader, key) throws(JSONError) in
                let value = try Self.readField(&reader, into: &record.bytes)
                if let index = keyBytes.firstIndex(where: { $0.elementsEqual(key) }) {
                    if record.fields[index] != nil { doubled = doubled ?? keyBytes[index] }
                    record.fields[index] = value
                } else if isFirst {
                    keyBytes.append(Array(key))
                    record.fields.append(value)
                }
            }
            try reader.finish()
            if let doubled {
                record.fault =
                    "the key '\(String(decoding: doubled, as: UTF8.self))' is there twice"
            }
        } catch {
            record.fault = "invalid JSON: \(error)"
        }
        if isFirst { keys = keyBytes.map { String(decoding: $0, as: UTF8.self) } }
        return true
    }

    /// Appends a string's content or a number's digits and returns where they lie; nil for null and
    /// nested values, which are neither a sentence nor a label.
    private static func readField(
        _ reader: inout JSONReader, into bytes: inout [UInt8]
    ) throws(JSONError) -> Range<Int>? {
        let start = bytes.count
        switch try reader.nextKind() {
        case .string: bytes += try reader.readString()
        case .number: bytes += try reader.readNumber()
        case .bool: bytes += "\(try reader.readBool())".utf8
        case .null, .array, .object:
            try reader.skipValue()
            return nil
        }
        return start..<bytes.count
    }
}
