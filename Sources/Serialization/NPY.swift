import Foundation

/// Writes NumPy's `.npy` format, version 1.0, row by row; the number of rows need not be known before.
public final class NPYWriter {
    /// The type of the elements.
    public enum Element: String, Sendable {
        /// Four-byte floats.
        case float32 = "<f4"
        /// Signed bytes.
        case int8 = "|i1"
        /// Unsigned bytes.
        case uint8 = "|u1"
    }

    /// Room for any shape, and a multiple of the 64 bytes that the format asks for.
    private static let headerSize = 128

    private let file: FileWriter
    private let element: Element
    private let columns: Int
    private var rows = 0

    /// Creates a file of rows of `columns` elements.
    ///
    /// - Parameter path: The name for messages, when `url` is a temporary one.
    /// - Throws: `SerializationError.unwritable`.
    public init(
        creating url: URL, element: Element, columns: Int, path: String? = nil
    ) throws(SerializationError) {
        self.element = element
        self.columns = columns
        file = try FileWriter(creating: url, replacing: true, path: path ?? url.path)
        try file.write(Data(count: Self.headerSize))
    }

    /// Appends `rows` rows of floats.
    public func append(_ values: [Float], rows: Int) throws(SerializationError) {
        try append(values, rows, as: .float32)
    }

    /// Appends `rows` rows of signed bytes.
    public func append(_ values: [Int8], rows: Int) throws(SerializationError) {
        try append(values, rows, as: .int8)
    }

    /// Appends `rows` rows of unsigned bytes.
    public func append(_ values: [UInt8], rows: Int) throws(SerializationError) {
        try append(values, rows, as: .uint8)
    }

    /// Writes the shape and closes the file.
    public func finish() throws(SerializationError) {
        let fields =
            "{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        let size = Self.headerSize - 10
        let padded = fields + String(repeating: " ", count: size - 1 - fields.utf8.count) + "\n"
        var header = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
        header.append(contentsOf: [UInt8(size & 0xff), UInt8(size >> 8)])
        header.append(contentsOf: padded.utf8)
        try file.writeStart(header)
        try file.finish()
    }

    private func append<Value: BitwiseCopyable>(
        _ values: [Value], _ rows: Int, as element: Element
    ) throws(SerializationError) {
        precondition(
            element == self.element && values.count == rows * columns,
            "\(values.count) of \(element) are not \(rows) rows of \(columns) of \(self.element)")
        self.rows += rows
        // The format's bytes are those in memory on every machine that Swift runs Linux on.
        try file.write(values)
    }
}
