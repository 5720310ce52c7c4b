import Foundation
import JSON
import ModelLayout
import Support

/// The files that a model's own files name, which come from the server and are not trusted, and what is there of
/// them.
enum HubFiles {
    /// The modules of a `modules.json`.
    ///
    /// - Returns: `nil` when it is not what sentence-transformers writes, or a path leaves the folder.
    static func modules(_ file: Data) -> [ModelFiles.Module]? {
        guard let value = try? JSONValue(parsing: file), let modules = ModelFiles.modules(value)
        else { return nil }
        let folders = modules.map(\.path).filter { !$0.isEmpty }
        return folders.allSatisfy(RelativePath.isSafe) ? modules : nil
    }

    /// The files that an index names, in order.
    ///
    /// - Returns: `nil` when it is not an index, or a name leaves the folder.
    static func shards(_ index: Data) -> [String]? {
        guard let value = try? JSONValue(parsing: index), let names = ModelFiles.shards(value)
        else { return nil }
        return names.allSatisfy(RelativePath.isSafe) ? names : nil
    }

    /// The folders of the modules that have weights, the encoder's last.
    static func foldersOfWeights(_ modules: [ModelFiles.Module]) -> [String] {
        let encoder = modules.first(where: \.isEncoder)?.path ?? ""
        return modules.filter { $0.hasWeights && !$0.isEncoder }.map(\.path) + [encoder]
    }

    /// Whether a folder has, of each module with weights, the configuration and one whole form of the weights.
    static func areComplete(in folder: URL) -> Bool {
        func url(_ name: String) -> URL { folder.appending(path: name) }
        func exists(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: url(name).path)
        }
        var list: [ModelFiles.Module] = []
        if exists("modules.json") {
            guard let modules = contents(of: url("modules.json")).flatMap(modules) else {
                return false
            }
            list = modules
        }
        return foldersOfWeights(list).allSatisfy { module in
            func path(_ file: String) -> String { ModelFiles.path(of: file, in: module) }
            guard exists(path("config.json")),
                let form = ModelFiles.weights.first(where: { exists(path($0)) })
            else { return false }
            guard form.hasSuffix(".index.json") else { return true }
            let names = contents(of: url(path(form))).flatMap(shards)
            return names?.allSatisfy { exists(path($0)) } ?? false
        }
    }

    /// A file that is small when all is well.
    static func contents(of url: URL) -> Data? {
        let limit = 64 << 20
        guard let bytes = try? RegularFile.bytes(url.path, first: limit + 1), bytes.count <= limit
        else { return nil }
        return Data(bytes)
    }
}
