import JSON

/// The sentences of a file, or of standard input, one a line, read as they are asked for.
///
/// Lines end with LF or CR LF; gzip-compressed data are unpacked. Memory holds about a line.
public struct SentenceFile {
    /// What a line is.
    public enum Format: Sendable {
        /// The sentence itself.
        case text
        /// A JSON string, or an object with a string `text`.
        case jsonl

        /// JSON lines by the file's name, otherwise text.
        public init(path: String) {
            let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
            self = [".jsonl", ".ndjson"].contains(where: name.hasSuffix) ? .jsonl : .text
        }
    }

    private let lines: LineStream
    private let format: Format

    /// Opens a file, or standard input where the path is `-`.
    public init(path: String, format: Format) throws(ExampleFileError) {
        lines = try LineStream(path: path)
        self.format = format
    }

    /// The number of the last line read, from 1.
    public var line: Int { lines.number }

    /// The file, for messages.
    public var name: String { lines.path }

    /// The next sentence, which may be empty; nil at the end.
    ///
    /// - Throws: `ExampleFileError.malformed` naming a line that is not UTF-8, or not what `format` says.
    public func next() throws(ExampleFileError) -> String? {
        guard try lines.next() else { return nil }
        switch format {
        case .text: return try text(lines.bytes[lines.line])
        case .jsonl: return try text(json(lines.bytes, in: lines.line))
        }
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(ExampleFileError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(
                path: name, line: line,
                reason: "not valid UTF-8; is the file in another encoding, such as Latin-1?")
        }
        // An escape of JSON can be one where the file itself holds none.
        guard !bytes.contains(0) else {
            throw .malformed(
                path: name, line: line, reason: "the sentence holds a NUL character; take it out")
        }
        return text
    }

    private func json(
        _ bytes: [UInt8], in range: Range<Int>
    ) throws(ExampleFileError) -> ArraySlice<UInt8> {
        let expected = #"expected a JSON string or {"text": "..."}"#
        var (reader, text): (JSONReader, ArraySlice<UInt8>?) = (JSONReader(bytes, in: range), nil)
        var texts = 0
        do throws(JSONError) {
            if try reader.nextKind() == .object {
                try reader.readObject { (reader, key) throws(JSONError) in
                    let isText = key.elementsEqual("text".utf8)
                    if isText { texts += 1 }
                    if try reader.nextKind() == .string {
                        let value = try reader.readString()
                        if isText { text = value }
                    } else {
                        try reader.skipValue()
                    }
                }
            } else {
                text = try reader.readString()
            }
            try reader.finish()
        } catch {
            throw .malformed(
                path: name, line: line,
                reason: "\(expected); invalid JSON: \(error)")
        }
        guard texts < 2 else {
            throw .malformed(
                path: name, line: line, reason: "the key 'text' is there twice; leave one of them")
        }
        guard let text else {
            throw .malformed(
                path: name, line: line,
                reason: "\(expected); found an object without a string 'text'")
        }
        return text
    }
}
