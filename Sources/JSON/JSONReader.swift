/// Reads JSON (RFC 8259) from bytes, as a whole or value by value.
///
/// Nothing beyond the grammar is taken: no comments, no `NaN`, no leading zeros, no half surrogate
/// pairs. Memory and stack stay bounded whatever the bytes are. A vocabulary is one object of tens of
/// thousands of members and a pair file has a line for each of millions of rows, so reading a string
/// without escapes copies nothing.
package struct JSONReader {
    /// What a value is.
    package enum Kind {
        case null
        case bool
        case number
        case string
        case array
        case object
    }

    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private var position: Int
    private var depth = 0

    private static let maxDepth = 64
    /// Whether a whole object with a key that is there twice is an error; otherwise its members are all there.
    var refusesRepeatedKeys = false

    /// A reader of the bytes in `range`, or of all.
    package init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        (start, end) = (range?.lowerBound ?? 0, range?.upperBound ?? bytes.count)
        position = start
    }

    package static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    /// What the next value is, as far as its first character tells.
    package mutating func nextKind() throws(JSONError) -> Kind {
        skipSpace()
        guard let first = peek() else { throw error("expected a value") }
        switch first {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw error("expected a value")
        }
    }

    /// Refuses anything but white space after the last value.
    package mutating func finish() throws(JSONError) {
        skipSpace()
        if position < end { throw error("text after the value") }
    }

    // MARK: - Whole values

    /// Refuses bytes that are not UTF-8.
    mutating func checkEncoding() throws(JSONError) {
        let text = bytes[start..<end]
        if String(validating: text, as: UTF8.self) != nil { return }
        var (decoder, iterator) = (UTF8(), text.makeIterator())
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            position += UTF8.width(scalar)
        }
        throw error("text that is not valid UTF-8")
    }

    /// Reads a value with all that it holds, of bytes that are UTF-8.
    mutating func readValue() throws(JSONError) -> JSONValue {
        switch try nextKind() {
        case .null:
            try readWord("null")
            return .null
        case .bool: return .bool(try readBool())
        case .number: return try number(readNumber())
        case .string: return .string(String(decoding: try readString(), as: UTF8.self))
        case .array:
            var elements: [JSONValue] = []
            try readArray { (reader) throws(JSONError) in
                elements.append(try reader.readValue())
            }
            return .array(elements)
        case .object:
            var members: [JSONValue.Member] = []
            // By their bytes: texts that Unicode holds equal are different keys.
            var keys: Set<ArraySlice<UInt8>> = []
            try readObject { (reader, key) throws(JSONError) in
                let name = String(decoding: key, as: UTF8.self)
                if reader.refusesRepeatedKeys, !keys.insert(key).inserted {
                    throw reader.error("the key '\(name)' is there twice; leave one of them")
                }
                members.append(JSONValue.Member(name, try reader.readValue()))
            }
            return .object(members)
        }
    }

    /// Steps over a value, checking it like one that is read.
    package mutating func skipValue() throws(JSONError) {
        switch try nextKind() {
        case .null: try readWord("null")
        case .bool: _ = try readBool()
        case .number: _ = try readNumber()
        case .string: _ = try readString()
        case .array: try readArray { (reader) throws(JSONError) in try reader.skipValue() }
        case .object: try readObject { (reader, _) throws(JSONError) in try reader.skipValue() }
        }
    }

    // MARK: - Value by value

    /// Reads an object; `member` gets each key's bytes and must read or skip the key's value.
    package mutating func readObject(
        _ member: (inout JSONReader, ArraySlice<UInt8>) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open("{", "an object")
        if !take("}") {
            repeat {
                skipSpace()
                if peek() != UInt8(ascii: "\"") { throw error("expected a key in quotes") }
                let key = try readString()
                guard take(":") else { throw error("expected a colon after a key") }
                try member(&self, key)
            } while take(",")
            guard take("}") else { throw error("expected a comma or the closing brace") }
        }
        depth -= 1
    }

    /// Reads an array; `element` must read or skip each value.
    package mutating func readArray(
        _ element: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open("[", "an array")
        if !take("]") {
            repeat { try element(&self) } while take(",")
            guard take("]") else { throw error("expected a comma or the closing bracket") }
        }
        depth -= 1
    }

    /// Reads a string and returns its content; whether that is UTF-8 remains to be checked.
    package mutating func readString() throws(JSONError) -> ArraySlice<UInt8> {
        guard take("\"") else { throw error("expected a string") }
        let start = position
        try skipPlainText()
        if bytes[position] == UInt8(ascii: "\"") {
            position += 1
            return bytes[start..<position - 1]
        }
        var content = Array(bytes[start..<position])
        while bytes[position] == UInt8(ascii: "\\") {
            try readEscape(into: &content)
            let start = position
            try skipPlainText()
            content += bytes[start..<position]
        }
        position += 1
        return content[...]
    }

    /// Reads a number that a `Double` can hold and returns its characters.
    package mutating func readNumber() throws(JSONError) -> ArraySlice<UInt8> {
        skipSpace()
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let whole = skipDigits()
        var isProper = whole.count == 1 || whole.first.map { $0 != UInt8(ascii: "0") } == true
        let isShort = whole.count < 300
        var isInteger = true
        if peek() == UInt8(ascii: ".") {
            position += 1
            isInteger = false
            isProper = isProper && !skipDigits().isEmpty
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            isInteger = false
            if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { position += 1 }
            isProper = isProper && !skipDigits().isEmpty
        }
        switch peek() {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): isProper = false
        default: break
        }
        if !isProper || !(isShort && isInteger) {
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard isProper, Double(text)?.isFinite == true else {
                position = start
                throw error("expected a number, found '\(wordAtPosition)'")
            }
        }
        return bytes[start..<position]
    }

    /// Reads `true` or `false`.
    package mutating func readBool() throws(JSONError) -> Bool {
        skipSpace()
        let isTrue = peek() == UInt8(ascii: "t")
        try readWord(isTrue ? "true" : "false")
        return isTrue
    }

    // MARK: - Parts

    private mutating func readWord(_ word: StaticString) throws(JSONError) {
        skipSpace()
        let isThere = word.withUTF8Buffer { bytes[position..<end].starts(with: $0) }
        guard isThere else { throw error("expected '\(word)'") }
        position += word.utf8CodeUnitCount
    }

    private mutating func open(
        _ bracket: Unicode.Scalar, _ what: String
    ) throws(JSONError) {
        skipSpace()
        guard peek() == UInt8(ascii: bracket) else { throw error("expected \(what)") }
        guard depth < Self.maxDepth else { throw error("nested more than \(Self.maxDepth) deep") }
        depth += 1
        position += 1
    }

    /// Moves to the quote or the backslash that comes next in a string.
    private mutating func skipPlainText() throws(JSONError) {
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            if byte < 0x20 { throw error("a control character inside a string") }
            position += 1
        }
        throw error("the text ends inside a string")
    }

    private mutating func readEscape(into content: inout [UInt8]) throws(JSONError) {
        position += 1
        guard let letter = peek() else { throw error("the text ends inside a string") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = try readHexadecimal()
            if (0xd800..<0xdc00).contains(code), bytes[position..<end].starts(with: #"\u"#.utf8) {
                position += 2
                let low = try readHexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            content += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        default:
            position -= 1
            throw error("an unknown escape")
        }
    }

    private mutating func readHexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw error("expected four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func skipDigits() -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        return bytes[start..<position]
    }

    /// An integer when the digits say so and `Int` holds it, which keeps it exact.
    private func number(_ digits: ArraySlice<UInt8>) throws(JSONError) -> JSONValue {
        if let integer = Int(exactly: digits) { return .integer(integer) }
        let text = String(decoding: digits, as: UTF8.self)
        guard let number = Double(text) else { throw error("expected a number") }
        return .number(number)
    }

    private func peek() -> UInt8? { position < end ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), Self.isSpace(byte) { position += 1 }
    }

    /// Moves behind the given character if it comes next, white space aside.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private var wordAtPosition: String {
        let word = bytes[position..<end].prefix(40).prefix {
            $0 > 0x20 && !",]}:\"[{".utf8.contains($0)
        }
        return String(decoding: word, as: UTF8.self)
    }

    private func error(_ reason: String) -> JSONError {
        let before = bytes[start..<position]
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? start
        return JSONError(
            reason: reason, line: 1 + before.count { $0 == 0x0a },
            column: position - lineStart + 1)
    }
}

extension Int {
    /// The integer that decimal digits say, with or without a minus; nil when it is none or too large.
    fileprivate init?(exactly digits: ArraySlice<UInt8>) {
        let isNegative = digits.first == UInt8(ascii: "-")
        var value = 0
        for byte in isNegative ? digits.dropFirst() : digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            // Downwards, because there is one more negative integer than there are positive ones.
            let (sum, isTooLargeToo) = tens.subtractingReportingOverflow(Int(byte & 0x0f))
            if isTooLarge || isTooLargeToo { return nil }
            value = sum
        }
        if !isNegative && value == .min { return nil }
        self = isNegative ? value : -value
    }
}
