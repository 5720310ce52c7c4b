import Digest
import Foundation
import Serialization
import Support

/// A file of a run's folder with what a model said of a task's rows, and beside it a record of what they are.
///
/// They are told apart by digests: those of another teacher or of other texts, and a file that has changed since, are
/// never taken for what is wanted.
struct TeacherCache {
    /// What labels are of, and what their file holds.
    struct Record: Codable, Equatable {
        /// The digest of the teacher.
        var teacher: String
        /// The digest of the texts, in order, and of what is asked about them.
        var texts: String
        /// The digest of the file; empty until there is one.
        var file = ""
    }

    /// The labels, as `.npy`.
    let url: URL
    private var recordURL: URL { url.deletingPathExtension().appendingPathExtension("json") }
    private static let prefix = "teacher-"

    /// The cache of a task in a run's folder.
    init(_ folder: RunFolder, task: String) {
        url = folder.file(Self.prefix + task + ".npy")
    }

    /// Whether a file of a run's folder is part of a cache.
    static func isPart(_ name: some StringProtocol) -> Bool {
        name.hasPrefix(prefix) && (name.contains(".npy") || name.contains(".json"))
    }

    /// What is there, in words for a person when it cannot be used.
    enum Contents {
        case nothing
        case damaged
        case labels(of: Record)
    }

    /// Reads the record and compares the file with it.
    func contents() -> Contents {
        let files = FileManager.default
        guard files.mayExist(atPath: url.path) else { return .nothing }
        guard let bytes = try? RegularFile.bytes(recordURL.path),
            let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)),
            let digest = digest(), digest == record.file
        else { return .damaged }
        return .labels(of: record)
    }

    /// Replaces both files; `write` makes the labels' at a temporary place.
    func replace(_ record: Record, _ write: (_ temporary: URL) throws -> Void) throws {
        try AtomicFolder.make(url.deletingLastPathComponent())
        try AtomicFile.write(to: url, write)
        var record = record
        record.file = digest() ?? ""
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(record), to: recordURL)
    }

    private func digest() -> String? {
        guard let file = try? FileHandle(forReadingFrom: url) else { return nil }
        let bytes = Digest.sha256.computed { buffer in
            read(file.fileDescriptor, buffer.baseAddress, buffer.count)
        }
        return bytes.map { String(hexadecimal: $0) }
    }
}
