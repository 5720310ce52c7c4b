/// JSON lines or CSV: a line for each embedding, to a file or to standard output.
public struct TextEmbeddingWriter: EmbeddingWriter {
    private let format: EmbeddingFormat
    private let width: Int
    private let write: ([UInt8]) throws -> Void
    private let end: () throws -> Void

    /// Creates a writer of `jsonl` or `csv` lines of `width` numbers, which `write` gets as bytes; `finish` is called
    /// after the last line.
    public init(
        _ format: EmbeddingFormat, width: Int, finish: @escaping () throws -> Void = {},
        write: @escaping ([UInt8]) throws -> Void
    ) {
        precondition(format.isText, "\(format) is not made of lines")
        self.format = format
        self.width = width
        self.write = write
        end = finish
    }

    /// Writes a line for each row; floats have the fewest digits that give the same float again.
    public func append(_ embeddings: QuantizedEmbeddings, rows: Int) throws {
        switch embeddings {
        case .float32(let values): try append(values, rows)
        case .int8(let values): try append(values, rows)
        case .uint8(let values): try append(values, rows)
        }
    }

    /// Ends the output; each line is complete already.
    public func finish() throws { try end() }

    private func append(_ values: [some CustomStringConvertible], _ rows: Int) throws {
        precondition(values.count == rows * width, "\(values.count) values in \(rows) rows")
        let (start, end) = format == .jsonl ? ("[", "]\n") : ("", "\n")
        for row in 0..<rows {
            var line: [UInt8] = Array(start.utf8)
            for column in 0..<width {
                if column > 0 { line.append(UInt8(ascii: ",")) }
                line.append(contentsOf: values[row * width + column].description.utf8)
            }
            line.append(contentsOf: end.utf8)
            try write(line)
        }
    }
}
