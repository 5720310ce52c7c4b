/// A JSON document as a tree; objects keep the order of their members.
package enum JSONValue: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package let key: String
        package let value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number written without a point or an exponent.
    case integer(Int)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// Reads UTF-8 text that holds one value, and perhaps a byte order mark.
    ///
    /// - Parameter refusesRepeated: Whether a key that an object has twice is an error.
    package init(
        parsing bytes: some Collection<UInt8>, refusingRepeatedKeys refusesRepeated: Bool = false
    ) throws(JSONError) {
        let bytes = Array(bytes)
        let mark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var reader = JSONReader(bytes, in: mark..<bytes.count)
        reader.refusesRepeatedKeys = refusesRepeated
        try reader.checkEncoding()
        self = try reader.readValue()
        try reader.finish()
    }

    /// The shortest number that reads back as this one: 0.1 is written as 0.1.
    package static func float(_ value: Float) -> JSONValue {
        .number(Double("\(value)") ?? Double(value))
    }

    /// The member of an object; nil for other values and when the key is absent.
    ///
    /// Of several members with the same key the last counts.
    package subscript(key: String) -> JSONValue? {
        members?.last { $0.key == key }?.value
    }

    /// The members of an object, with repeated keys; nil for other values.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array; nil for other values.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The elements of an array of nothing but strings; nil for other values.
    package var strings: [String]? {
        let strings = elements?.compactMap(\.string)
        return strings?.count == elements?.count ? strings : nil
    }

    /// The elements of an array of nothing but whole numbers; nil for other values.
    package var integers: [Int]? {
        let integers = elements?.compactMap(\.int)
        return integers?.count == elements?.count ? integers : nil
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A number without a fraction, however it is written (`512`, `512.0`, `5.12e2`).
    package var int: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// An object with its members in the order of their keys.
    package static func sorted(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
    }

    /// A few words for error messages.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "'\(value)'"
        case .array(let values): "a list of \(values.count)"
        case .object(let members): "an object of \(members.count) keys"
        }
    }
}

// Literals keep the code that builds documents in the shape of the documents.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
