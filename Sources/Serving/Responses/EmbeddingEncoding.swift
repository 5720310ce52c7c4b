import Foundation
import NIOCore

/// How numbers are written.
enum EmbeddingEncoding: String, CaseIterable {
    /// A list of numbers, each the shortest that reads back as the same float.
    case float
    /// Base64 of the floats' bytes, the lowest first.
    case base64

    /// Appends an embedding as a JSON value.
    func write(_ values: some Collection<Float>, to buffer: inout ByteBuffer) {
        switch self {
        case .float:
            var separator = "["
            for value in values {
                buffer.writeString(separator)
                buffer.writeString("\(value)")
                separator = ","
            }
            buffer.writeString("]")
        case .base64:
            var bytes = Data(capacity: values.count * 4)
            for value in values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
            buffer.writeString("\"\(bytes.base64EncodedString())\"")
        }
    }
}
