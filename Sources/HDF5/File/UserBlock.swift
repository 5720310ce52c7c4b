import Digest
import Foundation
import Support

/// The 512 bytes before an HDF5 file proper, which HDF5 and its tools skip, with a digest of the rest.
///
/// | bytes | what |
/// |---|---|
/// | 0..<8 | 0x89 and `SIMILE\n` |
/// | 8..<12 | the block's version, 1; numbers are little-endian |
/// | 12..<16 | zero |
/// | 16..<24 | the file's length in bytes, this block included |
/// | 24..<56 | SHA-256 of all that follows the block |
/// | 56..<512 | zero |
///
/// All of it follows from the rest of the file. A check makes it anew and compares every byte, so that
/// no bit of the file, in the block or after it, changes unnoticed.
enum UserBlock {
    static let size = 512
    private static let magic = [0x89] + Array("SIMILE\n".utf8)
    private static let version: UInt32 = 1
    private static let signature = [0x89] + Array("HDF\r\n\u{1A}\n".utf8)

    /// Fills the block of a file that HDF5 has written and closed.
    static func write(_ descriptor: Int32, _ place: Place) throws(HDF5Error) {
        let file = OpenedFile(descriptor, place)
        try file.write(bytes(length: file.length, digest: file.digest(from: size)))
    }

    /// Whether a file has a block; throws if the file is not as it was written.
    static func verify(_ place: Place) throws(HDF5Error) -> Bool {
        let file = try OpenedFile(reading: place)
        let start = try file.start(size + signature.count)
        let block = Array(start.prefix(size))
        guard block.starts(with: magic) else {
            guard start.dropFirst(size).elementsEqual(signature) else { return false }
            if block.allSatisfy({ $0 == 0 }) { throw .unfinished(file: place.file) }
            throw place.damaged(
                "its first \(size) bytes, the user block, changed or are another program's")
        }
        // A file cut off inside the block has no length to compare.
        let length = block.count == size ? block.number(in: 16..<24) : UInt64(size)
        if file.length < length {
            throw .truncated(file: place.file, expected: length, found: file.length)
        }
        let found = block.number(in: 8..<12)
        guard found == version else {
            throw place.unsupported(
                "its user block has version \(found), expected \(version); "
                    + "use another copy of the file, or a later version of this program")
        }
        if file.length > length {
            throw place.damaged("\(file.length - length) bytes follow its end")
        }
        if block != bytes(length: length, digest: try file.digest(from: size)) {
            throw place.damaged("its bytes changed after they were written (SHA-256 differs)")
        }
        return true
    }

    private static func bytes(length: UInt64, digest: [UInt8]) -> [UInt8] {
        let fields = magic + version.littleEndianBytes + [0, 0, 0, 0] + length.littleEndianBytes
        let used = fields + digest
        return used + [UInt8](repeating: 0, count: size - used.count)
    }
}

/// A file open by the operating system's calls.
private struct OpenedFile: ~Copyable {
    private let descriptor: Int32
    private let place: Place
    private let isOwner: Bool
    let length: UInt64

    /// Opens a file.
    init(reading place: Place) throws(HDF5Error) {
        let descriptor = uninterrupted { open(place.file, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw place.systemFailure("open the file") }
        self.init(descriptor, place, isOwner: true)
    }

    /// A file that somebody else closes.
    init(_ descriptor: Int32, _ place: Place) { self.init(descriptor, place, isOwner: false) }

    private init(_ descriptor: Int32, _ place: Place, isOwner: Bool) {
        (self.descriptor, self.place, self.isOwner) = (descriptor, place, isOwner)
        length = UInt64(clamping: lseek(descriptor, 0, SEEK_END))
    }

    deinit { if isOwner { close(descriptor) } }

    /// The first `count` bytes, or as many as there are.
    func start(_ count: Int) throws(HDF5Error) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                uninterrupted {
                    pread(
                        descriptor, buffer.baseAddress.map { $0 + done }, count - done, off_t(done))
                }
            }
            guard read >= 0 else { throw place.systemFailure("read the file") }
            if read == 0 { break }
            done += read
        }
        return Array(bytes.prefix(done))
    }

    /// SHA-256 of all from `offset` on.
    func digest(from offset: Int) throws(HDF5Error) -> [UInt8] {
        var offset = offset
        let digest = Digest.sha256.computed { buffer in
            let read = uninterrupted {
                pread(descriptor, buffer.baseAddress, buffer.count, offset)
            }
            offset += max(0, read)
            return read
        }
        guard let digest else { throw place.systemFailure("read the file") }
        return digest
    }

    /// Writes the first bytes.
    func write(_ bytes: [UInt8]) throws(HDF5Error) {
        let number = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: 0) }
        if number != 0 { throw place.systemFailure("write the file", number: number) }
    }
}

extension [UInt8] {
    fileprivate func number(in range: Range<Int>) -> UInt64 {
        self[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        withUnsafeBytes(of: littleEndian) { Array($0) }
    }
}
