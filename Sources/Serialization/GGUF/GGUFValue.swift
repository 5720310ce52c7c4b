import Foundation

/// A value of a GGUF file's metadata.
package enum GGUFValue: Equatable {
    case uint32(UInt32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case strings([String])
    case int32s([Int32])

    /// Appends the type and the value.
    func append(to bytes: inout Data) {
        switch self {
        case .uint32(let number):
            bytes.appendInteger(UInt32(4))
            bytes.appendInteger(number)
        case .float32(let number):
            bytes.appendInteger(UInt32(6))
            bytes.appendInteger(number.bitPattern)
        case .bool(let value):
            bytes.appendInteger(UInt32(7))
            bytes.append(value ? 1 : 0)
        case .string(let text):
            bytes.appendInteger(UInt32(8))
            bytes.appendText(text)
        case .strings(let texts):
            for number in [UInt32(9), 8] { bytes.appendInteger(number) }
            bytes.appendInteger(UInt64(texts.count))
            for text in texts { bytes.appendText(text) }
        case .int32s(let numbers):
            for number in [UInt32(9), 5] { bytes.appendInteger(number) }
            bytes.appendInteger(UInt64(numbers.count))
            for number in numbers { bytes.appendInteger(number) }
        }
    }
}

extension Data {
    /// Appends a number, little-endian.
    mutating func appendInteger<Number: FixedWidthInteger>(_ number: Number) {
        for i in 0..<Number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: number >> (8 * i)))
        }
    }

    /// Appends a text's length in bytes and the text.
    mutating func appendText(_ text: String) {
        appendInteger(UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
