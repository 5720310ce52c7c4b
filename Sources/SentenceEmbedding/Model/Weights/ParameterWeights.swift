import ModelLayout
import Serialization

/// The arrays of a model, its adapters merged, as a source of weights for another.
struct ParameterWeights: WeightReader {
    let source = "another model"
    let names: [String]
    private let arrays: [String: OutgoingArray]

    init(_ model: SentenceTransformer) {
        let all = model.arrays
        names = all.map(\.name)
        arrays = Dictionary(uniqueKeysWithValues: zip(names, all))
    }

    func shape(of name: String) -> [Int]? { arrays[name]?.shape }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let array = arrays[name] else { return }
        // A closure may not capture the span itself.
        try buffer.withUnsafeMutableBufferPointer { buffer in
            try array.withValues { values in
                for i in values.indices { buffer[i] = values[i] }
            }
        }
    }
}
