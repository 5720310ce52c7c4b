import Foundation

/// An event as TensorBoard's files hold it: a message of protocol buffers in a record of TFRecord.
///
/// The numbers of the fields are those of TensorFlow's `event.proto`, `summary.proto` and `tensor.proto`.
enum EventRecord {
    /// What an event file begins with.
    static func version(at time: Double) -> Data {
        record(event(time) { $0.add(3, "brain.Event:2") })
    }

    /// Says that what earlier files have from a step on no longer counts.
    static func start(step: Int, at time: Double) -> Data {
        var session = ProtobufMessage()
        session.add(1, varint: 1)
        return record(event(time, step: step) { $0.add(7, session) })
    }

    /// Some numbers by name.
    static func scalars(_ values: [(tag: String, value: Double)], step: Int, at time: Double)
        -> Data
    {
        var summary = ProtobufMessage()
        for (tag, number) in values {
            var value = ProtobufMessage()
            value.add(1, tag)
            value.add(2, Float(number))
            summary.add(1, value)
        }
        return record(event(time, step: step) { $0.add(5, summary) })
    }

    /// A text, in Markdown, by name.
    static func text(_ tag: String, _ text: String, at time: Double) -> Data {
        var dimension = ProtobufMessage()
        dimension.add(1, varint: 1)
        var shape = ProtobufMessage()
        shape.add(2, dimension)
        var tensor = ProtobufMessage()
        tensor.add(1, varint: 7)
        tensor.add(2, shape)
        tensor.add(8, text)
        var plugin = ProtobufMessage()
        plugin.add(1, "text")
        var metadata = ProtobufMessage()
        metadata.add(1, plugin)
        var value = ProtobufMessage()
        value.add(1, tag)
        value.add(8, tensor)
        value.add(9, metadata)
        var summary = ProtobufMessage()
        summary.add(1, value)
        return record(event(time) { $0.add(5, summary) })
    }

    private static func event(
        _ time: Double, step: Int = 0, _ fill: (inout ProtobufMessage) -> Void
    ) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, time)
        event.add(2, varint: UInt64(step))
        fill(&event)
        return event
    }

    /// The length, its checksum, the message and its checksum.
    private static func record(_ message: ProtobufMessage) -> Data {
        let length = littleEndian(UInt64(message.bytes.count))
        return Data(
            length + littleEndian(maskedChecksum(length)) + message.bytes
                + littleEndian(maskedChecksum(message.bytes)))
    }

    /// CRC-32C, turned and shifted: TFRecord's way to keep checksums of checksums apart.
    static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32C.checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    }
}

/// A message of protocol buffers as it is put together.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, varint value: UInt64) {
        key(field, wireType: 0)
        append(varint: value)
    }

    mutating func add(_ field: Int, _ value: Double) {
        key(field, wireType: 1)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: Int, _ value: Float) {
        key(field, wireType: 5)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

    mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

    private mutating func add(_ field: Int, _ content: [UInt8]) {
        key(field, wireType: 2)
        append(varint: UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: Int, wireType: Int) {
        append(varint: UInt64(field << 3 | wireType))
    }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// The checksum of Castagnoli's polynomial.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1
        }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
        }
        return ~value
    }
}

private func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
