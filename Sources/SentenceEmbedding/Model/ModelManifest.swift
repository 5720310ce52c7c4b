import Digest
import Foundation
import JSON
import ModelFolders
import ModelLayout
import Serialization
import Support

/// `simile-manifest.json` of a model's folder: the SHA-256 of each file that decides about embeddings.
///
/// Formats such as safetensors and `vocab.txt` have no checksum: a flipped bit gives other embeddings, and no error. The
/// model card is not listed, so that it can be edited; neither is what others put into the folder.
public struct ModelManifest {
    static let name = ModelFolder.manifestName
    private static let version = 1

    /// Some of the listed files.
    enum Part {
        /// What a model is read from.
        case model
        /// What a tokenizer is read from, and what describes the model.
        case descriptions
        case all

        fileprivate func has(_ path: String) -> Bool {
            switch self {
            case .model: !path.hasPrefix("onnx/")
            case .descriptions: !path.hasPrefix("onnx/") && !path.hasSuffix(".safetensors")
            case .all: true
            }
        }
    }

    /// The files by their paths in the folder, with their digests in hexadecimal digits.
    let digests: [(path: String, digest: String)]
    private let folder: URL
    private var file: URL { folder.appending(path: Self.name) }

    /// Reads the manifest of a folder; nil when it has none.
    ///
    /// - Throws: `ManifestError.malformed`.
    init?(_ folder: URL) throws {
        self.folder = folder
        let file = folder.appending(path: Self.name)
        let object: JSONObject<ManifestError>? = try JSONObject.ifPresent(file)
        guard let object else { return nil }
        guard try object.int("version") == Self.version else {
            throw object.invalid("version", expected: "\(Self.version)")
        }
        guard let files = try object.object("files") else {
            throw object.invalid("files", expected: "the digests of files by their paths")
        }
        digests = try files.members.map { member in
            let parts = member.key.split(separator: "/", omittingEmptySubsequences: false)
            guard let digest = member.value.string,
                parts.allSatisfy({ !["", ".", ".."].contains($0) })
            else {
                throw files.invalid(member.key, expected: "a file of the folder, and its SHA-256")
            }
            return (member.key, digest)
        }
    }

    /// Compares files with their digests.
    ///
    /// - Throws: `ManifestError.changed` or `ManifestError.missing`, and what reading a file throws.
    func check(_ part: Part) throws {
        for (path, digest) in digests where part.has(path) {
            let url = folder.appending(path: path)
            guard FileManager.default.mayExist(atPath: url.path) else {
                throw ManifestError.missing(path: url.path, manifest: file.path)
            }
            guard try Self.digest(url) == digest else {
                throw ManifestError.changed(path: url.path, manifest: file.path)
            }
        }
    }

    /// Checks every file of a folder that its manifest lists, and returns how many there are; nil when there is no
    /// manifest.
    ///
    /// - Throws: `ManifestError`, and what reading a file throws.
    public static func check(_ folder: URL) throws -> Int? {
        guard let manifest = try ModelManifest(folder) else { return nil }
        try manifest.check(.all)
        return manifest.digests.count
    }

    /// Writes the manifest of all files in a folder but the model card and those that are meant to be edited.
    static func write(for folder: URL, except edited: String...) throws {
        var digests: [String: JSONValue] = [:]
        let entries: [FolderEntry]
        do throws(RegularFile.Failure) { entries = try FolderEntry.all(in: folder.path) } catch {
            throw ManifestError.unreadable(path: folder.path, reason: error.reason)
        }
        for entry in entries
        where !entry.isFolder && !(["README.md", name] + edited).contains(entry.path) {
            digests[entry.path] = .string(try digest(folder.appending(path: entry.path)))
        }
        let value: JSONValue = ["version": .integer(version), "files": .sorted(digests)]
        try AtomicFile.write(Data(value.text.utf8), to: folder.appending(path: name))
    }

    private static func digest(_ url: URL) throws -> String {
        let descriptor: Int32
        do throws(RegularFile.Failure) { descriptor = try RegularFile.open(url.path) } catch {
            throw ManifestError.unreadable(path: url.path, reason: error.reason)
        }
        defer { close(descriptor) }
        let digest = Digest.sha256.computed { buffer in
            uninterrupted { read(descriptor, buffer.baseAddress, buffer.count) }
        }
        guard let digest else {
            throw ManifestError.unreadable(path: url.path, reason: systemReason())
        }
        return String(hexadecimal: digest)
    }
}

/// Why a model's folder is not what was written.
public enum ManifestError: Error, Equatable, CustomStringConvertible {
    /// A file has other bytes than were written.
    case changed(path: String, manifest: String)
    /// A file that was written is not there.
    case missing(path: String, manifest: String)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// The manifest is not what Simile writes.
    case malformed(manifest: String, reason: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .changed(let path, let manifest):
            "\(path): changed after the model was written (its SHA-256 is not the one in \(manifest)); use another copy of the model or, if the change is meant, remove that file"
        case .missing(let path, let manifest):
            "\(path): not found, but \(manifest) lists it; use another copy of the model or, if the file was removed on purpose, remove that one too"
        case .unreadable(let path, let reason):
            "\(path): cannot be read (\(reason)); check the path and the permissions"
        case .malformed(let manifest, let reason):
            "\(manifest): \(reason); use another copy of the model, or remove this file, which lists the digests of the others"
        }
    }
}

extension ManifestError: JSONFileError {
    package static func unreadableFile(file: String, reason: String) -> ManifestError {
        .unreadable(path: file, reason: reason)
    }

    package static func malformedJSON(file: String, line: Int, reason: String) -> ManifestError {
        .malformed(manifest: file, reason: "not JSON (line \(line): \(reason))")
    }

    package static func invalidValue(
        file: String, key: String, found: String, expected: String
    ) -> ManifestError {
        .malformed(manifest: file, reason: "\(key) is \(found), expected \(expected)")
    }
}

extension ManifestError: FileNamingError {
    package func renaming(_ temporary: String, to path: String) -> ManifestError {
        switch self {
        case .unreadable(let file, let reason):
            .unreadable(path: file.renaming(temporary, to: path), reason: reason)
        default: self
        }
    }
}
