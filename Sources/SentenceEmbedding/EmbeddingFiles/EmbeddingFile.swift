import Foundation
import HDF5
import Serialization

/// Stores embeddings in a file, which appears under its name only when it is complete.
public enum EmbeddingFile {
    /// Lets `body` append embeddings to a new file beside `url`, and then puts it in the place of `url`.
    ///
    /// When anything fails, what was at `url` is unchanged. Memory does not grow with the number of rows.
    ///
    /// - Throws: `SerializationError` or `HDF5Error` when the file cannot be written, and what `body` throws.
    public static func write(
        to url: URL, as format: EmbeddingFormat, _ description: EmbeddingDescription,
        _ body: (any EmbeddingWriter) throws -> Void
    ) throws {
        try AtomicFile.write(to: url) { temporary in
            let writer = try writer(temporary, url.path, format, description)
            try body(writer)
            try writer.finish()
        }
    }

    private static func writer(
        _ temporary: URL, _ path: String, _ format: EmbeddingFormat,
        _ description: EmbeddingDescription
    ) throws -> any EmbeddingWriter {
        switch format {
        case .npy:
            return try NPYEmbeddingWriter(
                NPYWriter(
                    creating: temporary, element: description.precision.npyElement,
                    columns: description.width, path: path))
        case .h5: return try HDF5EmbeddingWriter(temporary.path, named: path, description)
        case .jsonl, .csv:
            let file = try FileWriter(creating: temporary, path: path)
            return TextEmbeddingWriter(
                format, width: description.width, finish: { try file.finish() }
            ) { try file.write($0) }
        }
    }
}

/// `.npy`: an array [sentences, width].
private struct NPYEmbeddingWriter: EmbeddingWriter {
    private let file: NPYWriter

    init(_ file: NPYWriter) { self.file = file }

    func append(_ embeddings: QuantizedEmbeddings, rows: Int) throws {
        switch embeddings {
        case .float32(let values): try file.append(values, rows: rows)
        case .int8(let values): try file.append(values, rows: rows)
        case .uint8(let values): try file.append(values, rows: rows)
        }
    }

    func finish() throws { try file.finish() }
}

extension EmbeddingPrecision {
    fileprivate var npyElement: NPYWriter.Element {
        switch self {
        case .float32: .float32
        case .int8, .binary: .int8
        case .uint8, .ubinary: .uint8
        }
    }
}
