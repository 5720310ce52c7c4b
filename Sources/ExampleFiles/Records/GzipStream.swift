import CZlib
import Foundation
import Support

/// The bytes of a file or pipe in order, unpacked where they are gzip-compressed.
///
/// Unlike zlib's own reading of files, what follows compressed data and is none is an error: it would be lost. Zeros are
/// allowed there, as tapes and copies in blocks leave them.
final class GzipStream {
    private static let chunk = 1 << 18

    private enum Phase {
        case start
        case plain
        case packed
        /// After compressed data, where more of them may follow.
        case between
    }

    private let path: String
    private let descriptor: Int32
    private let input = UnsafeMutablePointer<UInt8>.allocate(
        capacity: GzipStream.chunk)
    /// zlib remembers where it lies.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var phase = Phase.start
    private var hasEnded = false

    /// Reads from a descriptor, which is closed in the end; errors name `path`.
    init(_ descriptor: Int32, path: String) throws(ExampleFileError) {
        self.path = path
        self.descriptor = descriptor
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for gzip's header.
        let code = inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            throw .unreadable(path: path, reason: "zlib cannot be used (\(code))")
        }
        stream.pointee.next_in = input
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
        close(descriptor)
    }

    /// The next bytes; none at the end. `line` is how many lines were read before.
    func read(line: Int) throws(ExampleFileError) -> [UInt8] {
        while true {
            // What decides how to go on are two bytes.
            let isDeciding = phase == .start || phase == .between
            while !hasEnded, stream.pointee.avail_in < (isDeciding ? 2 : 1) { try fill() }
            let available = Int(stream.pointee.avail_in)
            switch phase {
            case .start:
                phase = beginsPacked ? .packed : .plain
            case .plain:
                return take(available)
            case .packed:
                if available == 0 { throw damaged("they end too early", line) }
                let bytes = try inflate(line)
                if !bytes.isEmpty { return bytes }
            case .between:
                if available == 0 { return [] }
                if beginsPacked {
                    inflateReset(stream)
                    phase = .packed
                } else if take(available).contains(where: { $0 != 0 }) {
                    throw damaged("other bytes follow their end", line)
                }
            }
        }
    }

    private var beginsPacked: Bool {
        guard stream.pointee.avail_in >= 2, let next = stream.pointee.next_in else { return false }
        return next[0] == 0x1f && next[1] == 0x8b
    }

    /// Reads more behind what is at hand.
    private func fill() throws(ExampleFileError) {
        let available = Int(stream.pointee.avail_in)
        if let next = stream.pointee.next_in, available > 0 {
            input.update(from: next, count: available)
        }
        stream.pointee.next_in = input
        let count = uninterrupted {
            Foundation.read(descriptor, input + available, Self.chunk - available)
        }
        guard count >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
        hasEnded = count == 0
        stream.pointee.avail_in += UInt32(count)
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = Array(UnsafeBufferPointer(start: stream.pointee.next_in, count: count))
        stream.pointee.next_in += count
        stream.pointee.avail_in -= UInt32(count)
        return bytes
    }

    private func inflate(_ line: Int) throws(ExampleFileError) -> [UInt8] {
        var code = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = UInt32(Self.chunk)
            code = CZlib.inflate(stream, Z_NO_FLUSH)
            count = Self.chunk - Int(stream.pointee.avail_out)
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: phase = .between
        default:
            let message = stream.pointee.msg.map { String(cString: $0) }
            throw damaged(message ?? "they cannot be read", line)
        }
        return bytes
    }

    private func damaged(_ reason: String, _ line: Int) -> ExampleFileError {
        .damagedGzip(path: path, line: line, reason: reason)
    }
}
