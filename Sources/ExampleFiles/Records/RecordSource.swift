/// One row of a file: its fields as bytes.
struct Record {
    /// The line on which the record starts, from 1.
    var line = 0
    /// Where the record starts in its file; in parallel files, where its line of each starts.
    var offsets: [Int] = []
    /// All fields' bytes, end to end.
    var bytes: [UInt8] = []
    /// Where each field lies in `bytes`; nil for a JSON key that is absent or null, or holds a list.
    var fields: [Range<Int>?] = []
    /// The fields of JSON that hold lists, and where their elements lie; nil for an element that is no text.
    var lists: [List] = []
    /// What makes the whole record unusable.
    var fault: String?

    /// A field that holds a list, and where its elements lie.
    struct List {
        let field: Int
        let elements: [Range<Int>?]
    }

    /// The JSON keys that are not among those of the file, unless their value is null.
    var lateKeys: [[UInt8]] = []
    /// Whether the record is an empty line, which is no row.
    var isBlank = false

    /// The bytes of a field; nil if it is absent.
    func field(_ index: Int) -> ArraySlice<UInt8>? {
        guard index < fields.count, let range = fields[index] else { return nil }
        return bytes[range]
    }

    /// The elements of a list; nil if the field is absent or no list.
    func list(_ index: Int) -> [Range<Int>?]? { lists.first { $0.field == index }?.elements }

    /// All fields as text for messages, damaged bytes replaced.
    var texts: [String] {
        fields.map { range in range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "" }
    }

    /// Empties the record for the next row, which starts at the stream's line, keeping its memory.
    mutating func reset(at lines: LineStream) {
        reset()
        line = lines.number
        isBlank = lines.line.isEmpty
        offsets.append(lines.offset)
    }

    /// Empties the record for the next row, keeping its memory.
    mutating func reset() {
        line = 0
        offsets.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        lists.removeAll(keepingCapacity: true)
        if !lateKeys.isEmpty { lateKeys.removeAll(keepingCapacity: true) }
        isBlank = false
        fault = nil
    }

    /// Ends a field that began at `start` with the bytes so far.
    mutating func endField(from start: Int) { fields.append(start..<bytes.count) }
}

/// A file as a sequence of records, whatever its format.
protocol RecordSource {
    /// Reads the next record; false at the end of the file.
    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool
}

/// Fields between separators, quotes being ordinary characters.
struct DelimitedSource: RecordSource {
    let lines: LineStream
    let delimiter: UInt8
    /// Looks for what a quoted file would have, unless it is stated that this is none.
    var scan: QuotingScan?

    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool {
        guard try lines.next() else { return false }
        scan?.read(lines.bytes[lines.line], number: lines.number)
        record.reset(at: lines)
        record.bytes.append(contentsOf: lines.bytes[lines.line])
        var start = 0
        while let end = record.bytes[start...].firstIndex(of: delimiter) {
            record.fields.append(start..<end)
            start = end + 1
        }
        record.endField(from: start)
        return true
    }
}

/// Lines that are texts as they are.
struct TextSource: RecordSource {
    let lines: LineStream

    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool {
        guard try lines.next() else { return false }
        record.reset(at: lines)
        record.bytes.append(contentsOf: lines.bytes[lines.line])
        record.endField(from: 0)
        return true
    }
}

/// Files whose lines of the same number make a record, a field from each file.
struct ParallelSource: RecordSource {
    let files: [LineStream]

    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool {
        var ended: LineStream?
        var more: LineStream?
        record.reset()
        for file in files {
            guard try file.next() else {
                ended = ended ?? file
                continue
            }
            more = more ?? file
            record.line = file.number
            record.offsets.append(file.offset)
            let start = record.bytes.count
            record.bytes.append(contentsOf: file.bytes[file.line])
            record.endField(from: start)
        }
        record.isBlank = files.count == 1 && record.bytes.isEmpty
        if let ended, let more {
            throw .lengthsDiffer(shorter: ended.path, lines: ended.number, longer: more.path)
        }
        return more != nil
    }
}
