import Support

/// A column of a file of examples, by the name in its header or by its number from 1.
public enum ExampleColumn: Sendable, Hashable, CustomStringConvertible {
    /// The column (or JSON key) of this name; case matters only if two names differ by case alone.
    case name(String)
    /// The column of this number, from 1 as in `cut` and `awk`.
    case number(Int)

    /// Reads a number as a column number and anything else as a name.
    public init(parsing text: String) {
        self = Int(text).map(ExampleColumn.number) ?? .name(text)
    }

    /// The column in words.
    public var description: String {
        switch self {
        case .name(let name): "'\(name)'"
        case .number(let number): "number \(number)"
        }
    }
}

extension ExampleColumn: Codable {
    /// Reads a name or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .init(parsing: try container.decode(String.self))
        }
    }

    /// Writes a name or a number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .name(let name): try container.encode(name)
        case .number(let number): try container.encode(number)
        }
    }
}

/// Keeps only the rows whose column holds a value, such as `split=train`.
public struct RowFilter: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The column compared.
    public let column: ExampleColumn
    /// The values kept, compared exactly.
    public let values: [String]

    /// Creates a filter that keeps rows with any of the values.
    public init(column: ExampleColumn, values: [String]) {
        self.column = column
        self.values = values
    }

    /// Reads `column=value` or `column=value|other`; nil if there is no `=` or no column.
    public init?(parsing text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = String(text[..<equals]).trimmed
        guard !name.isEmpty else { return nil }
        let values = text[text.index(after: equals)...]
            .split(separator: "|", omittingEmptySubsequences: false).map { String($0).trimmed }
        self.init(column: .init(parsing: name), values: values)
    }

    /// The filter as `init(parsing:)` reads it.
    public var description: String {
        let name =
            switch column {
            case .name(let name): name
            case .number(let number): String(number)
            }
        return "\(name)=\(values.joined(separator: "|"))"
    }
}
