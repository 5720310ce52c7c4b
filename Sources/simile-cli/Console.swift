import Foundation

/// Where the command writes: results on standard output, everything else on standard error.
enum Console {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Prints a line for the person at the terminal.
    static func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Replaces the current line of the terminal.
    static func progress(_ line: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }

    /// Prints a value as one line of JSON on standard output.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension Double {
    /// The number with a fixed count of digits after the point.
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

/// A value of unknown type, for JSON with keys that are known only at run time.
enum JSONValue: Encodable {
    case string(String)
    case number(Double)
    case integer(Int)
    case bool(Bool)
    case object([String: JSONValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let value): try container.encode(value)
        case .number(let value): try container.encode(value.isFinite ? value : nil)
        case .integer(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
