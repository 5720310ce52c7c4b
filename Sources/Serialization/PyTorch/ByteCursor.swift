/// Takes numbers and strings off the front of bytes that may end anywhere.
///
/// Numbers are little-endian, as in zip files and pickles.
struct ByteCursor {
    /// The bytes end before what was asked for.
    struct End: Error {
        let position: Int
    }

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    var remaining: Int { bytes.count - position }

    mutating func take(_ count: Int) throws(End) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw End(position: position) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(End) -> UInt8 { try integer() }

    mutating func integer<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type = Number.self
    ) throws(End) -> Number {
        try take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    /// A length or an offset; one beyond any memory is as good as `Int.max`.
    mutating func count<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type
    ) throws(End) -> Int {
        Int(clamping: try integer(Number.self))
    }

    /// The text up to the next line feed, which is passed over.
    mutating func line() throws(End) -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw End(position: position)
        }
        let text = try take(end - position)
        position += 1
        return String(decoding: text, as: UTF8.self)
    }
}
