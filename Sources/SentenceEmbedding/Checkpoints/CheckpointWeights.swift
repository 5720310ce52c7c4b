import HDF5
import ModelLayout
import NeuralNetwork
import Tensors

/// The float arrays of one group of an HDF5 file, as a source of weights.
final class CheckpointWeights: WeightReader {
    let source: String
    let names: [String]
    private let group: Group
    private let shapes: [String: [Int]]

    init(_ group: consuming Group, source: String) throws(HDF5Error) {
        self.source = source
        var (names, shapes): ([String], [String: [Int]]) = ([], [:])
        for name in try group.childNames() {
            shapes[name] = try group.dataset(named: name).shape
            names.append(name)
        }
        self.names = names
        self.shapes = shapes
        self.group = group
    }

    func shape(of name: String) -> [Int]? { shapes[name] }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try group.dataset(named: name).read(into: &buffer)
    }
}

extension Group {
    /// Writes every part of some parameters under its name.
    func write(_ parameters: some Sequence<Parameter>) throws(HDF5Error) {
        for parameter in parameters {
            for part in parameter.parts {
                try parameter.withValues(of: part) { (values) throws(HDF5Error) in
                    try write(values, shape: part.shape.array, as: part.name)
                }
            }
        }
    }
}
