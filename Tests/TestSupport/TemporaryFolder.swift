import Foundation

/// A folder of its own that goes away with its last reference.
package final class TemporaryFolder: Sendable {
    package let url = FileManager.default.temporaryDirectory
        .appending(path: "simile-\(UUID().uuidString)")

    package init() {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            preconditionFailure("no temporary folder: \(error)")
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A place in the folder.
    package func callAsFunction(_ name: String) -> URL { url.appending(path: name) }

    /// The path of a place in the folder.
    package func path(_ name: String) -> String { self(name).path }

    /// The names of what is in the folder, in order.
    package var entries: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    }

    /// Writes a file and returns its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: self(name))
        return path(name)
    }

    /// Writes a text file and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try write(text.utf8, to: name)
    }

    /// Removes the manifest of a model's folder, so that its files can be changed on purpose.
    package func removeManifest(of name: String) throws {
        try FileManager.default.removeItem(at: self(name + "/simile-manifest.json"))
    }

    package func bytes(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: self(name)))
    }
}
