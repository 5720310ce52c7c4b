import Foundation

/// Parses JSON (RFC 8259) an order of magnitude faster than `JSONDecoder` fills a dictionary.
///
/// A tokenizer's vocabulary is one JSON object of tens of thousands of members, and loading a
/// model should not spend its time there.
struct JSONReader {
    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var depth = 0

    private static let maxDepth = 64

    /// Reads a file, which must hold one JSON value.
    static func read(_ file: URL) throws(TokenizationError) -> JSONValue {
        try parse(FileBytes.read(file), file: file.path)
    }

    /// Parses valid UTF-8; `file` stands in the error messages.
    static func parse(_ bytes: [UInt8], file: String) throws(TokenizationError) -> JSONValue {
        var reader = JSONReader(bytes: bytes, file: file)
        let value = try reader.value()
        reader.skipSpace()
        guard reader.position == bytes.count else {
            throw reader.error("there is more after the end of the value")
        }
        return value
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private mutating func value() throws(TokenizationError) -> JSONValue {
        skipSpace()
        guard let first = peek else { throw error("the file ends where a value is expected") }
        switch first {
        case UInt8(ascii: "{"): return try nested(isObject: true)
        case UInt8(ascii: "["): return try nested(isObject: false)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("a value is expected")
        }
    }

    private mutating func nested(isObject: Bool) throws(TokenizationError) -> JSONValue {
        depth += 1
        guard depth <= Self.maxDepth else { throw error("nested more than \(Self.maxDepth) deep") }
        position += 1
        let value = isObject ? try object() : try array()
        depth -= 1
        return value
    }

    private mutating func object() throws(TokenizationError) -> JSONValue {
        var members: [JSONValue.Member] = []
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("a key in quotes is expected") }
            let key = try string()
            guard take(":") else { throw error("':' is expected after the key '\(key)'") }
            members.append(JSONValue.Member(key, try value()))
        } while take(",")
        guard take("}") else { throw error("',' or '}' is expected") }
        return .object(members)
    }

    private mutating func array() throws(TokenizationError) -> JSONValue {
        var values: [JSONValue] = []
        if take("]") { return .array(values) }
        repeat { values.append(try value()) } while take(",")
        guard take("]") else { throw error("',' or ']' is expected") }
        return .array(values)
    }

    private mutating func literal(
        _ text: StaticString, _ value: JSONValue
    ) throws(TokenizationError) -> JSONValue {
        let length = text.utf8CodeUnitCount
        let isThere = text.withUTF8Buffer { bytes[position...].prefix(length).elementsEqual($0) }
        guard isThere else { throw error("'\(text)' is expected") }
        position += length
        return value
    }

    private mutating func number() throws(TokenizationError) -> JSONValue {
        let start = position
        var whole = 0
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
            if position - start <= 15 { whole = whole * 10 + Int(byte - UInt8(ascii: "0")) }
        }
        let digits = position - start
        while let byte = peek, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
        if position - start == digits, digits <= 15 { return .number(Double(whole)) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw error("'\(text)' is not a number")
        }
        return .number(value)
    }

    private mutating func string() throws(TokenizationError) -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20
        {
            position += 1
        }
        if peek == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0x20...:
                text.append(byte)
                position += 1
            default:
                throw error("a control character stands in a string")
            }
        }
        throw error("the file ends in a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TokenizationError) {
        position += 1
        let letter = peek
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter ?? 0)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: Array("\\u".utf8))
            {
                position += 2
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw error("half a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard Unicode.Scalar(unit) != nil else { throw error("half a surrogate pair") }
            UTF8Scalar.append(unit, to: &text)
        default: throw error("an unknown escape stands in a string")
        }
    }

    private mutating func hexadecimal() throws(TokenizationError) -> UInt32 {
        let digits = bytes[min(position, bytes.count)...].prefix(4)
        guard digits.count == 4,
            digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits are expected after \\u") }
        position += 4
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    /// Moves behind the given character if it comes next, white space aside.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func error(_ reason: String) -> TokenizationError {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return .malformedJSON(file: file, line: line, reason: reason)
    }
}
