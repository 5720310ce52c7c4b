import Foundation
import JSON
import ModelLayout

/// A `.safetensors` file, memory-mapped: reading takes no memory beyond the destination and one array.
///
/// Nothing in the file is trusted: names, shapes, types and offsets are checked before any is used.
/// Format: an 8-byte little-endian header length, a JSON header, then the arrays end to end.
public final class SafetensorsFile: WeightReader {
    /// How an array's elements are stored.
    enum ElementType: String {
        case f64 = "F64"
        case f32 = "F32"
        case f16 = "F16"
        case bf16 = "BF16"
    }

    struct Entry {
        let type: String
        let shape: [Int]
        let bytes: Range<Int>
    }

    /// The file's path.
    public let source: String
    /// The arrays' names in the order of their data.
    public let names: [String]
    private let file: MappedFile
    private let entries: [String: Entry]

    /// Opens a file and checks its header.
    ///
    /// - Throws: `SerializationError` saying what is wrong with the file.
    public init(_ url: URL) throws(SerializationError) {
        source = url.path
        file = try MappedFile(url)
        let header = try Header(file.data, path: url.path)
        entries = header.entries
        names = entries.keys.sorted {
            let (a, b) = (
                header.entries[$0]?.bytes.lowerBound ?? 0, header.entries[$1]?.bytes.lowerBound ?? 0
            )
            return (a, $0) < (b, $1)
        }
    }

    /// The shape stored under `name`.
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// Fills `buffer` with an array, converted to Float32.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let entry = entries[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        guard let type = ElementType(rawValue: entry.type) else {
            throw SerializationError.unsupportedType(path: source, array: name, type: entry.type)
        }
        precondition(
            buffer.count == entry.shape.reduce(1, *),
            "\(name) \(entry.shape) into \(buffer.count) places")
        file.withBytes(entry.bytes) { bytes in
            switch type {
            case .f32: buffer.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
            case .f64: fill(&buffer, bytes) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
            case .f16: fill(&buffer, bytes) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
            case .bf16:
                fill(&buffer, bytes) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
            }
        }
    }

    private func fill<Bits: FixedWidthInteger>(
        _ buffer: inout MutableSpan<Float>, _ bytes: UnsafeRawBufferPointer,
        _ convert: (Bits) -> Float
    ) {
        let width = MemoryLayout<Bits>.size
        for i in buffer.indices {
            let bits = bytes.loadUnaligned(fromByteOffset: i * width, as: Bits.self)
            buffer[i] = convert(Bits(littleEndian: bits))
        }
    }
}

/// The checked header of a safetensors file.
private struct Header {
    /// The reference implementation's limit.
    static let longest = 100_000_000
    static let elementSizes = [
        "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
        "U16": 2,
        "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    ]

    private(set) var entries: [String: SafetensorsFile.Entry] = [:]

    init(_ data: Data, path: String) throws(SerializationError) {
        guard data.count >= 8 else {
            throw .truncated(path: path, expected: 8, found: data.count)
        }
        let length = data.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= Self.longest else {
            throw .malformed(
                path: path,
                problem: "not a safetensors file: its header would be \(length) bytes long")
        }
        let start = 8 + Int(length)
        guard start <= data.count else {
            throw .truncated(path: path, expected: start, found: data.count)
        }
        let json = try? JSONValue(parsing: data[data.startIndex + 8..<data.startIndex + start])
        guard let members = json?.members else {
            throw .malformed(
                path: path, problem: "not a safetensors file: its header is not a JSON object")
        }
        for member in members where member.key != "__metadata__" {
            let entry = try Self.entry(
                member.key, member.value, from: start, fileSize: data.count, path: path)
            guard entries.updateValue(entry, forKey: member.key) == nil else {
                throw .malformed(path: path, problem: "the header lists \(member.key) twice")
            }
        }
        // The arrays fill the file without gaps or overlaps: anything else is a damaged or hostile header.
        var end = start
        for (name, entry) in entries.sorted(by: {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound) < (
                $1.value.bytes.lowerBound, $1.value.bytes.upperBound
            )
        }) {
            guard entry.bytes.lowerBound == end else {
                throw .malformed(
                    path: path,
                    problem:
                        "\(name) begins at byte \(entry.bytes.lowerBound - start) of the data, expected \(end - start)"
                )
            }
            end = entry.bytes.upperBound
        }
        guard end == data.count else {
            throw .malformed(
                path: path,
                problem:
                    "the header lists \(end - start) bytes of data, the file has \(data.count - start)"
            )
        }
    }

    private static func entry(
        _ name: String, _ fields: JSONValue, from start: Int, fileSize: Int, path: String
    ) throws(SerializationError) -> SafetensorsFile.Entry {
        guard let type = fields["dtype"]?.string, let shape = fields["shape"]?.integers,
            let offsets = fields["data_offsets"]?.integers, offsets.count == 2
        else {
            throw .malformed(
                path: path, problem: "\(name) has no proper dtype, shape and data_offsets")
        }
        guard let size = elementSizes[type] else {
            throw .unsupportedType(path: path, array: name, type: type)
        }
        var bytes = size
        for dimension in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw .malformed(path: path, problem: "\(name) has the impossible shape \(shape)")
            }
            bytes = product
        }
        let limit = Int.max / 2
        guard offsets[0] >= 0, offsets[0] <= limit, offsets[1] <= limit,
            offsets[1] - offsets[0] == bytes
        else {
            throw .malformed(
                path: path,
                problem:
                    "\(name) \(shape) of \(type) needs \(bytes) bytes, its offsets are \(offsets)")
        }
        guard start + offsets[1] <= fileSize else {
            throw .truncated(path: path, expected: start + offsets[1], found: fileSize)
        }
        return SafetensorsFile.Entry(
            type: type, shape: shape, bytes: start + offsets[0]..<start + offsets[1])
    }
}
