import CZlib
import Foundation
import Support

/// The lines of a file, plain or gzip-compressed, or of bytes in memory, read in chunks.
///
/// Lines end with LF or CR LF. A byte order mark is left out.
final class LineStream {
    /// A line is refused beyond this: it bounds memory where a file has no line ends.
    static let longestLine = 16 << 20
    private static let chunk = 1 << 18
    private static let sample = 1 << 16

    /// The file, for messages.
    let path: String
    /// The bytes at hand; `line` lies in here until the next call of `next`.
    private(set) var bytes: [UInt8] = []
    /// The current line without its end.
    private(set) var line = 0..<0
    /// How many bytes ended the current line: 2 for CR LF, 1 for LF, 0 at the end of the file.
    private(set) var terminator = 0
    /// The number of the current line, from 1.
    private(set) var number = 0

    private var file: gzFile?
    private var position = 0

    /// Opens a file.
    init(path: String) throws(PairFileError) {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unreadable(path: path, reason: "there is no such file")
        }
        guard !FileManager.default.folderExists(atPath: path) else {
            throw .unreadable(path: path, reason: "it is a directory; name a file in it")
        }
        guard let file = gzopen(path, "rb") else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        gzbuffer(file, UInt32(Self.chunk))
        self.file = file
        try checkStart()
    }

    /// Reads from standard input.
    init() throws(PairFileError) {
        path = "standard input"
        // A copy: closing this stream leaves the descriptor alone.
        guard let file = gzdopen(dup(STDIN_FILENO), "rb") else {
            throw .unreadable(path: path, reason: "it is closed")
        }
        gzbuffer(file, UInt32(Self.chunk))
        self.file = file
        try checkStart()
    }

    /// Reads from memory.
    init(contents: [UInt8], name: String) throws(PairFileError) {
        path = name
        bytes = contents
        try checkStart()
    }

    deinit {
        if let file { gzclose(file) }
    }

    /// Moves to the next line; false at the end.
    func next() throws(PairFileError) -> Bool {
        position = line.upperBound + terminator
        var searched = position
        while true {
            if let end = indexOfLineFeed(from: searched) {
                let hasReturn = end > position && bytes[end - 1] == UInt8(ascii: "\r")
                line = position..<(hasReturn ? end - 1 : end)
                terminator = hasReturn ? 2 : 1
                number += 1
                return true
            }
            let pending = bytes.count - position
            guard pending <= Self.longestLine else {
                throw .malformed(
                    path: path, line: number + 1,
                    reason: "the line is longer than \(Self.longestLine >> 20) MiB; "
                        + "is this a file of sentence pairs, one a line?")
            }
            guard try fill() else { break }
            searched = position + pending
        }
        guard position < bytes.count else { return false }
        line = position..<bytes.count
        terminator = 0
        number += 1
        return true
    }

    /// The first whole lines, about 64 KiB of them, for recognising the content; before `next`.
    func firstLines() throws(PairFileError) -> [UInt8] {
        let start = line.upperBound
        while bytes.count - start < Self.sample || indexOfLineFeed(from: start) == nil {
            let end = bytes.count
            guard end - start < Self.longestLine, try append() else {
                return Array(bytes[start...])
            }
            try refuseNUL(from: end)
        }
        let end =
            bytes[..<(start + Self.sample)].lastIndex(of: 0x0a) ?? indexOfLineFeed(from: start)
        return Array(bytes[start...(end ?? bytes.count - 1)])
    }

    /// Up to `count` bytes ahead of the first line.
    private func peek(_ count: Int) -> ArraySlice<UInt8> { bytes[line.upperBound...].prefix(count) }

    /// Drops the bytes read so far and appends a chunk; false at the end of the file.
    private func fill() throws(PairFileError) -> Bool {
        bytes.removeSubrange(0..<position)
        line = 0..<0
        terminator = 0
        position = 0
        let start = bytes.count
        guard try append() else { return false }
        try refuseNUL(from: start)
        return true
    }

    /// Appends a chunk; false at the end of the file.
    private func append() throws(PairFileError) -> Bool {
        guard let file else { return false }
        var read: Int32 = 0
        bytes += [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
            read = gzread(file, buffer.baseAddress, UInt32(Self.chunk))
            count = Int(max(0, read))
        }
        // A stream that ends too early reads as fewer bytes, with the error set.
        var code: Int32 = 0
        let message = gzerror(file, &code)
        if read < 0 || code == Z_BUF_ERROR {
            throw failure(code, message.map { String(cString: $0) } ?? "")
        }
        return read > 0
    }

    /// A text file holds no NUL bytes, at its end neither: they are cut off or kept unseen by others.
    private func refuseNUL(from start: Int) throws(PairFileError) {
        guard let place = bytes[start...].firstIndex(of: 0) else { return }
        let before = bytes[line.upperBound..<place].count { $0 == 0x0a }
        throw .notText(
            path: path,
            reason: "line \(number + before + 1) holds a NUL byte; is it a binary file?")
    }

    private func failure(_ code: Int32, _ message: String) -> PairFileError {
        if code == Z_ERRNO {
            return .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        let reason = code == Z_BUF_ERROR ? "they end too early" : message
        return .damagedGzip(path: path, line: number, reason: reason)
    }

    private func indexOfLineFeed(from start: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, start < buffer.count,
                let found = memchr(base + start, 0x0a, buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Refuses content that is plainly no text, and steps over a byte order mark.
    private func checkStart() throws(PairFileError) {
        _ = try append()
        let start = peek(4)
        let known: [(magic: [UInt8], what: String)] = [
            ([0xff, 0xfe], "it is UTF-16 text; save it as UTF-8"),
            ([0xfe, 0xff], "it is UTF-16 text; save it as UTF-8"),
            (Array("PAR1".utf8), "it is a Parquet file; export it as TSV, CSV or JSON lines"),
            (Array("PK\u{3}\u{4}".utf8), "it is a zip archive; unpack it first"),
            ([0xfd] + Array("7zX".utf8), "it is xz-compressed; unpack it first"),
            ([0x28, 0xb5, 0x2f, 0xfd], "it is zstd-compressed; unpack it first"),
            (Array("BZh".utf8), "it is bzip2-compressed; unpack it first"),
            ([0x1f, 0x8b], "it is gzip-compressed twice; unpack it once"),
        ]
        for (magic, what) in known where start.starts(with: magic) {
            throw .notText(path: path, reason: what)
        }
        try refuseNUL(from: 0)
        let sample = peek(Self.sample)
        if sample.contains(UInt8(ascii: "\r")), !sample.contains(UInt8(ascii: "\n")) {
            throw .notText(
                path: path, reason: "its lines end with a lone CR; convert them to LF")
        }
        if start.starts(with: [0xef, 0xbb, 0xbf]) { line = 3..<3 }
    }
}
