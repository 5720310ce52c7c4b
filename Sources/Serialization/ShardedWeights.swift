import Foundation
import JSON
import ModelLayout

/// The arrays of a model cut into several files, listed in `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json`.
public struct ShardedWeights: WeightReader {
    /// The index file's path.
    public let source: String
    /// Every name, shard by shard.
    public let names: [String]
    private let shards: [String: any WeightReader]

    /// Opens the index and all its shards.
    ///
    /// - Throws: `SerializationError` when a shard is missing, damaged or lacks an array it should have.
    public init(index url: URL) throws(SerializationError) {
        source = url.path
        let index: JSONObject<SerializationError> = try JSONObject(file: url)
        guard let weightMap = try index.object("weight_map") else {
            throw .malformed(
                path: url.path, problem: "not an index of files of weights (it has no weight_map)")
        }
        var files: [String: any WeightReader] = [:]
        var shards: [String: any WeightReader] = [:]
        for member in weightMap.members {
            let name = member.key
            guard let file = member.value.string, !file.contains("/"),
                file.hasSuffix(".safetensors") || file.hasSuffix(".bin")
            else {
                throw .malformed(
                    path: url.path,
                    problem:
                        "\(name) is said to be in \(member.value.summary), which is not a file of this folder"
                )
            }
            if files[file] == nil {
                let shard = url.deletingLastPathComponent().appending(path: file)
                files[file] =
                    try file.hasSuffix(".bin") ? PyTorchFile(shard) : SafetensorsFile(shard)
            }
            guard let shard = files[file], shard.shape(of: name) != nil else {
                throw .malformed(
                    path: url.path, problem: "\(file) has no \(name), which the index says it has")
            }
            shards[name] = shard
        }
        self.shards = shards
        names = files.sorted { $0.key < $1.key }.flatMap { $0.value.names }.filter {
            shards[$0] != nil
        }
    }

    /// The shape stored under `name`.
    public func shape(of name: String) -> [Int]? { shards[name]?.shape(of: name) }

    /// Fills `buffer` with an array, converted to Float32.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let shard = shards[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        try shard.read(name, into: &buffer)
    }
}
