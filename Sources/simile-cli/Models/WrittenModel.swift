import ArgumentParser
import Foundation
import JSON
import Simile
import Support

/// What a command does about the file or folder that it writes a model to.
struct WrittenModel: ParsableArguments {
    @Flag(help: "Replace what is there; a folder that holds anything but a model never is.")
    var overwrite = false
    @Flag(help: "Print JSON.")
    var json = false

    /// Refuses what would be lost.
    func requireFree(_ path: String) throws {
        if !overwrite { try OutputPath.requireFree(path) }
    }

    /// Says what was written, and how large it is.
    func show(_ path: String, _ format: String, _ words: String, of model: SentenceTransformer)
        throws
    {
        let bytes = OutputPath.size(path)
        if json {
            try Console.json([
                "path": .string(path), "format": .string(format), "bytes": .integer(bytes),
                "embedding_dimension": .integer(model.embeddingDimension),
                "parameters": .integer(model.parameterCount),
            ])
        } else {
            Console.note("\(path): \(words), \((Double(bytes) / 1e6).fixed(1)) MB")
        }
    }
}

/// A file or folder that a command is about to write.
enum OutputPath {
    /// Refuses a file that is not empty, and a folder that is not.
    ///
    /// - Throws: `CommandError` that says what to do.
    static func requireFree(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        let isFile = status.st_mode & S_IFMT == S_IFREG
        let names = isFolder ? try FileManager.default.contentsOfDirectory(atPath: path) : []
        if isFolder ? names.isEmpty : !isFile || status.st_size == 0 { return }
        throw CommandError.input(
            "\(path): exists already; give another name, or --overwrite to replace it")
    }

    /// The bytes in a file, or in all files of a folder.
    static func size(_ path: String) -> Int {
        let inside = try? FolderEntry.all(in: path)
        let paths = inside?.map { "\(path)/\($0.path)" } ?? [path]
        return paths.reduce(0) { sum, path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                ? sum + Int(status.st_size) : sum
        }
    }
}
