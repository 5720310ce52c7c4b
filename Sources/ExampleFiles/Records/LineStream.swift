import Foundation
import Support

/// The lines of a file, plain or gzip-compressed, or of bytes in memory, read in chunks.
///
/// Lines end with LF or CR LF. A byte order mark at the start is left out; one at the start of a later line is an error.
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

    private let source: Source
    private var position = 0
    /// How many bytes were before those at hand.
    private var dropped = 0

    private enum Source {
        case memory
        case stream(GzipStream)
        /// A file and how many bytes to read at a time.
        case contents(FileContents, chunk: Int)
    }

    /// Opens a file, or standard input where the path is `-`, to be read once, unpacking it on the way.
    init(path: String) throws(ExampleFileError) {
        let file = try OpenFile(path: path)
        let path = OpenFile.name(path)
        self.path = path
        source = .stream(try file.unpacked(path))
        try checkStart()
    }

    /// Reads from memory.
    init(contents: [UInt8], name: String) throws(ExampleFileError) {
        path = name
        bytes = contents
        source = .memory
        try checkStart()
    }

    /// Reads a file whose bytes stay at hand.
    init(_ contents: FileContents) throws(ExampleFileError) {
        path = contents.path
        bytes = contents.bytes ?? []
        source = contents.bytes == nil ? .contents(contents, chunk: Self.chunk) : .memory
        try checkStart()
    }

    /// Reads a file that was read before, so many bytes at a time, from where `seek` says.
    init(again contents: FileContents, chunk: Int) {
        path = contents.path
        bytes = contents.bytes ?? []
        source = contents.bytes == nil ? .contents(contents, chunk: chunk) : .memory
    }

    /// Makes the line at a place of the file the next one.
    func seek(to offset: Int) {
        (terminator, number) = (0, 0)
        if case .contents = source, !(dropped...dropped + bytes.count).contains(offset) {
            bytes.removeAll(keepingCapacity: true)
            dropped = offset
        }
        let place = min(offset - dropped, bytes.count)
        line = place..<place
    }

    /// Where the current line begins in the file, unpacked.
    var offset: Int { dropped + line.lowerBound }

    /// Moves to the next line; false at the end.
    func next() throws(ExampleFileError) -> Bool {
        position = line.upperBound + terminator
        var searched = position
        while true {
            if let end = indexOfLineFeed(from: searched), end - position <= Self.longestLine {
                let hasReturn = end > position && bytes[end - 1] == UInt8(ascii: "\r")
                line = position..<(hasReturn ? end - 1 : end)
                terminator = hasReturn ? 2 : 1
                number += 1
                try refuseMark()
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
        try refuseMark()
        return true
    }

    /// The byte order mark of another file, whose lines were put behind those of this one, would become part of a text
    /// or of a column's name.
    private func refuseMark() throws(ExampleFileError) {
        // Where the stream begins a mark was stepped over.
        guard number > 1, bytes[line].starts(with: [0xef, 0xbb, 0xbf]) else { return }
        throw .malformed(
            path: path, line: number,
            reason:
                "it begins with a byte order mark, as where files are joined; take the mark out, and a second header if there is one"
        )
    }

    /// The first whole lines, about 64 KiB of them, for recognising the content; before `next`.
    func firstLines() throws(ExampleFileError) -> [UInt8] {
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
    private func fill() throws(ExampleFileError) -> Bool {
        if case .memory = source { return false }
        bytes.removeSubrange(0..<position)
        dropped += position
        line = 0..<0
        terminator = 0
        position = 0
        let start = bytes.count
        guard try append() else { return false }
        try refuseNUL(from: start)
        return true
    }

    /// Appends a chunk; false at the end of the file.
    private func append() throws(ExampleFileError) -> Bool {
        switch source {
        case .memory: return false
        case .stream(let stream):
            let more = try stream.read(line: number)
            bytes += more
            return !more.isEmpty
        case .contents(let contents, let chunk):
            guard let more = contents.read(at: dropped + bytes.count, count: chunk) else {
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            bytes += more
            return !more.isEmpty
        }
    }

    /// A text file holds no NUL bytes, at its end neither: they are cut off or kept unseen by others.
    private func refuseNUL(from start: Int) throws(ExampleFileError) {
        guard let place = index(of: 0, from: start) else { return }
        let before = bytes[line.upperBound..<place].count { $0 == 0x0a }
        throw .holdsNUL(path, line: number + before + 1)
    }

    private func indexOfLineFeed(from start: Int) -> Int? { index(of: 0x0a, from: start) }

    private func index(of byte: Int32, from start: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, start < buffer.count,
                let found = memchr(base + start, byte, buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Refuses content that is plainly no text, and steps over a byte order mark.
    private func checkStart() throws(ExampleFileError) {
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
