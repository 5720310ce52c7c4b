import Foundation
import JSON

/// One array to be written, lent when its turn comes.
public struct OutgoingArray {
    /// The name in the file.
    public let name: String
    /// The dimensions.
    public let shape: [Int]
    /// Calls its argument with the values in row-major order.
    public let withValues: (_ body: (Span<Float>) throws -> Void) throws -> Void

    /// Creates an array to be written.
    public init(
        name: String, shape: [Int],
        withValues: @escaping (_ body: (Span<Float>) throws -> Void) throws -> Void
    ) {
        self.name = name
        self.shape = shape
        self.withValues = withValues
    }
}

extension SafetensorsFile {
    /// Writes arrays as Float32, in the order of their names, as the reference implementation does.
    ///
    /// Equal arrays make equal bytes. The metadata says `format: pt`, which older readers ask for.
    ///
    /// - Throws: `SerializationError.unwritable`, and what lending an array throws; what was at `url` is
    ///   then unchanged.
    public static func write(_ arrays: [OutgoingArray], to url: URL) throws {
        let sorted = arrays.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var header = "{\"__metadata__\":{\"format\":\"pt\"}"
        var offset = 0
        for array in sorted {
            let end = offset + array.shape.reduce(4, *)
            let shape = array.shape.map(String.init).joined(separator: ",")
            let name = JSONValue.string(array.name).line
            header +=
                ",\(name):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            offset = end
        }
        header += "}"
        while header.utf8.count % 8 != 0 { header += " " }

        try FileWriter.write(to: url) { file in
            try file.write([UInt64(header.utf8.count).littleEndian])
            try file.write(Data(header.utf8))
            for array in sorted {
                try array.withValues { values in
                    precondition(
                        values.count == array.shape.reduce(1, *), "\(array.name) \(array.shape)")
                    try file.write(values)
                }
            }
        }
    }
}
