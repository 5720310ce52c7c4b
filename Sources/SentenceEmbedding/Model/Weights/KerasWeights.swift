import Foundation
import HDF5
import ModelLayout
import NeuralNetwork
import Serialization

/// A `tf_model.h5`: the weights of a Keras model as Hugging Face saves them, under PyTorch's names.
///
/// The file's attribute `layer_names` lists groups, each group's `weight_names` its datasets. A weight has
/// PyTorch's name but for the first level and the last, and PyTorch's shape but for transposition.
public final class KerasWeights: WeightReader {
    /// The file's path.
    public let source: String
    /// PyTorch's names in the file's order.
    public let names: [String]
    private let root: Group
    private let weights: [String: KerasWeight]

    /// Opens a file and lists its weights.
    ///
    /// - Throws: `HDF5Error` for a file that HDF5 cannot read, or `SerializationError` for one that does
    ///   not have this layout.
    public init(_ url: URL) throws {
        let path = url.path
        if GitLFS.isPointer(url) { throw SerializationError.gitLFSPointer(path: path) }
        let root = try HDF5File(opening: path).root
        var (names, weights): ([String], [String: KerasWeight]) = ([], [:])
        for layer in try Self.list("layer_names", of: root.attributes) {
            let group = try root.group(named: layer)
            for name in try Self.list("weight_names", of: group.attributes) {
                let dataset = try group.dataset(named: name)
                let weight = KerasWeight(name, dataset: dataset.path, shape: dataset.shape)
                guard let weight else {
                    throw SerializationError.malformed(
                        path: path,
                        problem:
                            "\(dataset.path) \(dataset.shape) is not a weight as Keras names them"
                    )
                }
                if let other = weights.updateValue(weight, forKey: weight.name) {
                    throw SerializationError.malformed(
                        path: path,
                        problem: "\(other.dataset) and \(dataset.path) are both \(weight.name)")
                }
                names.append(weight.name)
            }
        }
        (source, self.names, self.weights) = (path, names, weights)
        self.root = root
    }

    /// The shape that PyTorch gives the array `name`.
    public func shape(of name: String) -> [Int]? { weights[name]?.shape }

    /// Fills `buffer` with an array in PyTorch's shape.
    ///
    /// A matrix is read as a whole before it is transposed, which takes memory of its size.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let weight = weights[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        let dataset = try root.dataset(named: weight.dataset)
        guard weight.isTransposed else { return try dataset.read(into: &buffer) }
        let stored = try dataset.read(as: Float.self)
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        for row in 0..<rows {
            for column in 0..<columns {
                buffer[row * columns + column] = stored[column * rows + row]
            }
        }
    }

    /// The strings of an attribute, which Keras cuts into `name0`, `name1`, ... when it is long.
    private static func list(
        _ name: String, of attributes: Attributes
    ) throws(HDF5Error) -> [String] {
        guard try !attributes.contains(name), try attributes.contains(name + "0") else {
            return try attributes.strings(name)
        }
        var (strings, piece): ([String], Int) = ([], 0)
        while try attributes.contains(name + "\(piece)") {
            strings += try attributes.strings(name + "\(piece)")
            piece += 1
        }
        return strings
    }
}

/// A weight of a Keras file and what it is in PyTorch.
struct KerasWeight {
    /// PyTorch's name.
    let name: String
    /// PyTorch's shape.
    let shape: [Int]
    /// Whether the stored matrix is `[in, out]`, and PyTorch's `[out, in]`.
    let isTransposed: Bool
    /// The dataset's path in the file.
    let dataset: String

    /// Translates a name such as `tf_bert_model/bert/encoder/layer_._0/output/dense/kernel:0`.
    ///
    /// Nil for a name of one level, or a shape that no such weight has.
    init?(_ kerasName: String, dataset: String, shape stored: [Int]) {
        if stored.contains(0) { return nil }
        let path = kerasName.split(separator: ":", omittingEmptySubsequences: false)[0]
        // `layer_._0` is two levels, and of `mlm___cls` only the end counts.
        var levels = path.replacing("_._", with: "/").split(separator: "/").dropFirst().map {
            level in
            level.ranges(of: "___").last.map { String(level[$0.upperBound...]) } ?? String(level)
        }
        guard let kind = levels.popLast() else { return nil }
        isTransposed = kind == "kernel"
        switch kind {
        case "kernel", "gamma", "embeddings": levels.append("weight")
        case "beta": levels.append("bias")
        default: levels.append(kind)
        }
        name = levels.joined(separator: ".")
        self.dataset = dataset

        // Keras files of early 2021 have an axis for the heads, and one for the numbers of each head.
        switch (kind, stored.count) {
        case ("kernel", 2): shape = stored.reversed()
        case ("kernel", 3) where name.hasSuffix("attention.output.dense.weight"):
            shape = [stored[2], stored[0] * stored[1]]
        case ("kernel", 3): shape = [stored[1] * stored[2], stored[0]]
        case ("kernel", _): return nil
        case ("bias", 2): shape = [stored[0] * stored[1]]
        default: shape = stored
        }
    }
}
