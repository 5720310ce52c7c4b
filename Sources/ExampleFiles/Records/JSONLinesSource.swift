import JSON

/// The keys of the objects of a JSON-lines file, in the order in which the first objects have them.
struct JSONKeys: Sendable, Equatable {
    /// The keys; none when lines are lists or strings.
    var names: [[UInt8]] = []
    /// The fields that are lists in the first records, with the most elements that one has.
    var lists: [Int: Int] = [:]
    /// Whether lines are lists of texts, or single strings.
    var areTuples = false

    var texts: [String] { names.map { String(decoding: $0, as: UTF8.self) } }
}

/// One JSON value a line: an object, whose fields are the values of the keys of the first ones, a list of fields, or a
/// string, which is the only field.
struct JSONLinesSource: RecordSource {
    let lines: LineStream
    /// The keys of the first object; a field has the index of its key.
    private(set) var keys: JSONKeys
    private var isFirst: Bool

    /// Whether keys of later records become fields, too.
    private let learns: Bool

    /// Reads from the first line; the records that are read say what the keys are.
    init(lines: LineStream) {
        self.lines = lines
        (keys, isFirst, learns) = (JSONKeys(), true, true)
    }

    /// Reads a file whose keys are known.
    init(lines: LineStream, keys: JSONKeys) {
        self.lines = lines
        (self.keys, isFirst, learns) = (keys, false, false)
    }

    mutating func next(into record: inout Record) throws(ExampleFileError) -> Bool {
        guard try lines.next() else { return false }
        record.reset(at: lines)
        guard lines.bytes[lines.line].contains(where: { !JSONReader.isSpace($0) }) else {
            record.isBlank = true
            return true
        }
        let known = keys
        var reader = JSONReader(lines.bytes, in: lines.line)
        do throws(JSONError) {
            if isFirst { keys.areTuples = try reader.nextKind() != .object }
            if keys.areTuples {
                try readTuple(&reader, into: &record)
            } else {
                try readObject(&reader, into: &record)
            }
            try reader.finish()
        } catch {
            record.fault = "invalid JSON: \(error)"
        }
        if learns, record.fault != nil {
            keys = known
        } else if learns {
            for list in record.lists {
                keys.lists[list.field] = max(keys.lists[list.field] ?? 0, list.elements.count)
            }
        }
        isFirst = false
        return true
    }

    private mutating func readObject(
        _ reader: inout JSONReader, into record: inout Record
    ) throws(JSONError) {
        record.fields.append(contentsOf: repeatElement(nil, count: keys.names.count))
        var doubled: [UInt8]?
        try reader.readObject { (reader, key) throws(JSONError) in
            var index = keys.names.firstIndex { $0.elementsEqual(key) }
            if index == nil, learns {
                keys.names.append(Array(key))
                record.fields.append(nil)
                index = keys.names.count - 1
            }
            guard let index else {
                if try reader.nextKind() != .null { record.lateKeys.append(Array(key)) }
                return try reader.skipValue()
            }
            if record.fields[index] != nil || record.list(index) != nil {
                doubled = doubled ?? keys.names[index]
            }
            try Self.readField(&reader, index, into: &record)
        }
        if let doubled {
            record.fault = "the key '\(String(decoding: doubled, as: UTF8.self))' is there twice"
        }
    }

    private func readTuple(
        _ reader: inout JSONReader, into record: inout Record
    ) throws(JSONError) {
        guard try reader.nextKind() == .array else {
            if let text = try Self.readText(&reader, into: &record.bytes) {
                record.fields.append(text)
            } else {
                record.fault = "neither an object nor a list of texts"
            }
            return
        }
        try reader.readArray { (reader) throws(JSONError) in
            record.fields.append(try Self.readText(&reader, into: &record.bytes))
        }
    }

    /// Reads the value of a key: a text, or a list of them.
    private static func readField(
        _ reader: inout JSONReader, _ index: Int, into record: inout Record
    ) throws(JSONError) {
        guard try reader.nextKind() == .array else {
            record.fields[index] = try readText(&reader, into: &record.bytes)
            return
        }
        var elements: [Range<Int>?] = []
        try reader.readArray { (reader) throws(JSONError) in
            elements.append(
                try reader.nextKind() == .object
                    ? readPassage(&reader, into: &record.bytes)
                    : readText(&reader, into: &record.bytes))
        }
        record.lists.append(Record.List(field: index, elements: elements))
    }

    /// Appends a string's content or a number's digits and returns where they lie; nil for null and
    /// nested values, which are neither a sentence nor a label.
    private static func readText(
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

    /// Appends the title, a space and the text of a passage, such as `{"docid": 7, "title": "", "text": "..."}`; nil
    /// when it has no text.
    private static func readPassage(
        _ reader: inout JSONReader, into bytes: inout [UInt8]
    ) throws(JSONError) -> Range<Int>? {
        var (title, text): (ArraySlice<UInt8>, ArraySlice<UInt8>?) = ([], nil)
        try reader.readObject { (reader, key) throws(JSONError) in
            guard try reader.nextKind() == .string else { return try reader.skipValue() }
            let value = try reader.readString()
            if key.elementsEqual("title".utf8) { title = value }
            if key.elementsEqual("text".utf8) { text = value }
        }
        guard let text else { return nil }
        let start = bytes.count
        if !title.isEmpty { bytes += title + [UInt8(ascii: " ")] }
        bytes += text
        return start..<bytes.count
    }
}
