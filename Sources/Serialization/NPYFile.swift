import Foundation

/// A two-dimensional array of floats in NumPy's `.npy` format, mapped into memory; rows are read as they are asked for.
public final class NPYFile: Sendable {
    /// The number of rows.
    public let rows: Int
    /// The numbers in a row.
    public let columns: Int
    private let file: MappedFile
    private let start: Int
    private let isDouble: Bool

    /// Opens a file of `float32` or `float64`, in C order.
    ///
    /// - Throws: `SerializationError` for a file that cannot be read, is cut short, or holds anything else.
    public init(_ url: URL) throws(SerializationError) {
        let path = url.path
        func malformed(_ problem: String) -> SerializationError {
            .malformed(path: path, problem: problem)
        }
        let file = try MappedFile(url)
        let head = Array(file.data.prefix(12))
        guard head.count == 12, head.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw malformed("it is no .npy file")
        }
        let headerStart = head[6] >= 2 ? 12 : 10
        let length = head[8..<headerStart].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= 65536, file.data.count >= headerStart + length else {
            throw malformed("its header is cut short")
        }
        let start = headerStart + length
        let header = String(decoding: file.data[headerStart..<start], as: UTF8.self)
        guard let type = header.firstMatch(of: /'descr': *'([^']*)'/)?.1,
            type == "<f4" || type == "<f8"
        else { throw malformed("its numbers are not float32 or float64, little-endian") }
        guard header.contains(/'fortran_order': *False/),
            let shape = header.firstMatch(of: /'shape': *\((\d+), *(\d+),?\)/),
            let rows = Int(shape.1), let columns = Int(shape.2), columns > 0
        else { throw malformed("it is not an array of rows and columns in C order") }
        let size = type == "<f8" ? 8 : 4
        let (cells, overflows) = rows.multipliedReportingOverflow(by: columns)
        guard !overflows, cells <= (file.data.count - start) / size else {
            throw malformed("it announces \(rows) rows of \(columns) numbers and is shorter")
        }
        (self.file, self.start, self.rows, self.columns) = (file, start, rows, columns)
        isDouble = size == 8
    }

    /// A row.
    public subscript(row: Int) -> [Float] {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        let size = isDouble ? 8 : 4
        let first = start + row * columns * size
        return file.data.withUnsafeBytes { bytes in
            (0..<columns).map { column in
                let offset = first + column * size
                return isDouble
                    ? Float(bytes.loadUnaligned(fromByteOffset: offset, as: Double.self))
                    : bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
            }
        }
    }
}
