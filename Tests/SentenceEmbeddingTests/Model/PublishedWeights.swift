import Foundation
import HDF5
import Tensors
import TestSupport

@testable import SentenceEmbedding

/// An array as a file of weights holds it.
struct PublishedArray {
    var name: String
    var shape: [Int]
    var values: [Float]
}

extension SentenceTransformer {
    /// Every array of the model under its name.
    var arrays: [PublishedArray] {
        parameters.flatMap { parameter in
            let values = parameter.tensor.values
            return parameter.parts.map { part in
                PublishedArray(
                    name: part.name, shape: part.shape.array,
                    values: Array(values[part.offset..<part.offset + part.shape.count]))
            }
        }
    }
}

/// Writes the older format of `torch.save`: five pickles, then the storages.
func torchFile(_ arrays: [PublishedArray]) -> Data {
    func le<Number: FixedWidthInteger>(_ number: Number) -> Data {
        Data(number.littleEndianBytes)
    }
    func text(_ text: String) -> Data { Data("X".utf8) + le(UInt32(text.utf8.count)) + text.utf8 }
    func integers(_ values: [Int]) -> Data {
        Data("(".utf8) + values.flatMap { Data("J".utf8) + le(Int32($0)) } + Data("t".utf8)
    }
    func pickle(_ instructions: Data) -> Data { [0x80, 2] + instructions + Data(".".utf8) }

    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    var file = pickle([0x8A, 10] + Data(magic)) + pickle(Data("M".utf8) + le(UInt16(1001)))
    file += pickle(Data("}".utf8))
    var (items, keys, storages) = (Data("}(".utf8), Data("](".utf8), Data())
    for (key, array) in arrays.enumerated() {
        let strides = array.shape.indices.map { array.shape[($0 + 1)...].reduce(1, *) }
        items += text(array.name) + Data("ctorch._utils\n_rebuild_tensor_v2\n((".utf8)
        items +=
            text("storage") + Data("ctorch\nFloatStorage\n".utf8) + text("\(key)") + text("cpu")
        items += Data("J".utf8) + le(Int32(array.values.count)) + Data("NtQK\0".utf8)
        items += integers(array.shape) + integers(strides)
        items += [0x89] + Data("ccollections\nOrderedDict\n)RtR".utf8)
        keys += text("\(key)")
        storages += le(UInt64(array.values.count))
        storages += array.values.flatMap { le($0.bitPattern) }
    }
    return file + pickle(items + Data("u".utf8)) + pickle(keys + Data("e".utf8)) + storages
}

/// How Keras files differ: from one year to another, in the axes of the attention.
enum KerasLayout: CaseIterable {
    case matrices
    case heads
}

/// Writes a `tf_model.h5` with the names and shapes of a Keras BERT with `headCount` heads.
func writeKerasFile(
    _ arrays: [PublishedArray], to url: URL, headCount: Int, layout: KerasLayout
) throws {
    let file = try HDF5File(creating: url.path)
    try file.root.attributes.set("layer_names", to: ["bert", "dropout_1", "mlm___cls"])
    try file.root.createGroup("dropout_1").attributes.set("weight_names", to: [String]())
    let cls = "tf_bert_for_pre_training/mlm___cls/predictions/bias:0"
    try write(
        PublishedArray(name: cls, shape: [2], values: [1, 2]),
        in: file.root.createGroup("mlm___cls"))
    try file.root.group(named: "mlm___cls").attributes.set("weight_names", to: [cls])
    let bert = try file.root.createGroup("bert")
    let stored = arrays.map { kerasArray($0, headCount: headCount, layout: layout) }
    try bert.attributes.set("weight_names", to: stored.map(\.name))
    for array in stored { try write(array, in: bert) }
    try file.close()
}

private func write(_ array: PublishedArray, in group: borrowing Group) throws {
    let levels = array.name.split(separator: "/").map(String.init)
    var path = ""
    for level in levels.dropLast() {
        let next = path.isEmpty ? level : path + "/" + level
        if try !group.contains(next) {
            if path.isEmpty {
                _ = try group.createGroup(level)
            } else {
                _ = try group.group(named: path).createGroup(level)
            }
        }
        path = next
    }
    try group.group(named: path).write(
        array.values.span, shape: array.shape, as: levels[levels.count - 1])
}

private func kerasArray(
    _ array: PublishedArray, headCount: Int, layout: KerasLayout
) -> PublishedArray {
    var result = array
    var levels = array.name.replacing("layer.", with: "layer_._").split(separator: ".").map(
        String.init)
    // The split took the dot of `layer_._0` for one between levels.
    if let i = levels.firstIndex(of: "layer_") {
        levels.replaceSubrange(i...i + 1, with: ["layer_._" + levels[i + 1].dropFirst()])
    }
    let kind = levels.removeLast()
    if levels.last == "LayerNorm" {
        levels.append(kind == "weight" ? "gamma" : "beta")
    } else if kind == "weight", levels.last?.hasSuffix("embeddings") == true {
        levels.append(levels.last == "word_embeddings" ? "weight" : "embeddings")
    } else if kind == "weight" {
        levels.append("kernel")
        let (rows, columns) = (array.shape[0], array.shape[1])
        result.shape = [columns, rows]
        result.values = (0..<columns).flatMap { column in
            (0..<rows).map { array.values[$0 * columns + column] }
        }
    } else {
        levels.append(kind)
    }
    if layout == .heads, levels.contains("attention"), levels.last != "gamma", levels.last != "beta"
    {
        if levels.contains("self") {
            let last = result.shape.removeLast()
            result.shape += [headCount, last / headCount]
        } else if levels.last == "kernel" {
            result.shape = [headCount, result.shape[0] / headCount, result.shape[1]]
        }
    }
    result.name = "tf_bert_for_pre_training/bert/" + levels.joined(separator: "/") + ":0"
    return result
}
