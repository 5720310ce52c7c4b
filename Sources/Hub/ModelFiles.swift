import Foundation

/// Which files of a repository make up a sentence-embedding model.
enum ModelFiles {
    /// All but the weights, of those there are.
    static let descriptions = [
        "config.json", "modules.json", "sentence_bert_config.json",
        "config_sentence_transformers.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.txt", "tokenizer.json",
    ]

    /// The forms of the weights; the first there is counts.
    static let weights = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
        "pytorch_model.bin.index.json", "tf_model.h5",
    ]

    /// The configurations of the modules in folders of their own, from `modules.json`.
    ///
    /// - Returns: `nil` when it is not what sentence-transformers writes, or a path leaves the folder.
    static func moduleFiles(_ modules: Data) -> [String]? {
        struct Module: Decodable { let path: String }
        guard let modules = try? JSONDecoder().decode([Module].self, from: modules) else {
            return nil
        }
        let folders = modules.map(\.path).filter { !$0.isEmpty && $0 != "." }
        guard folders.allSatisfy(RelativePath.isSafe) else { return nil }
        return folders.map { $0 + "/config.json" }
    }

    /// The files that an index names, in order.
    ///
    /// - Returns: `nil` when it is not an index, or a name leaves the folder.
    static func shards(_ index: Data) -> [String]? {
        struct Index: Decodable {
            let files: [String: String]
            enum CodingKeys: String, CodingKey { case files = "weight_map" }
        }
        guard let index = try? JSONDecoder().decode(Index.self, from: index),
            !index.files.isEmpty
        else { return nil }
        let names = Set(index.files.values).sorted()
        return names.allSatisfy { RelativePath.isSafe($0) && !$0.contains("/") } ? names : nil
    }

    /// Whether a folder has a configuration and one whole form of weights.
    static func areComplete(in folder: URL) -> Bool {
        func exists(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appending(path: name).path)
        }
        guard exists("config.json"), let form = weights.first(where: exists) else { return false }
        guard form.hasSuffix(".index.json") else { return true }
        guard let index = contents(of: folder.appending(path: form)),
            let names = shards(index)
        else { return false }
        return names.allSatisfy(exists)
    }

    /// A file that is small when all is well.
    static func contents(of url: URL) -> Data? {
        guard let handle = try? FileHandle(forReadingFrom: url) else { return nil }
        defer { try? handle.close() }
        let limit = 64 << 20
        guard let data = try? handle.read(upToCount: limit + 1), data.count <= limit else {
            return nil
        }
        return data
    }
}
