import Foundation
import Simile

/// Models to be exported, and what their embeddings must be.
enum ExportedModels {
    /// all-MiniLM-L6-v2, from the folder that `SIMILE_MINILM` names.
    static let miniLM = ProcessInfo.processInfo.environment["SIMILE_MINILM"].flatMap {
        FileManager.default.fileExists(atPath: $0 + "/model.safetensors") ? $0 : nil
    }

    /// Lengths from two tokens to what some models cut off.
    static let sentences = [
        "the dog runs", "a", "", "nothing is known of the words grfx and qwv",
        "Two women, both in red, are talking (loudly) in the café of a small museum.",
        Array(repeating: "The weather is nice", count: 30).joined(separator: "; "),
    ]

    /// A tiny model with large weights, so that every part of the computation matters.
    static func tiny(
        vocabularyOf path: String, _ pooling: [PoolingMode], dense: [DenseConfiguration] = [],
        normalizes: Bool = false, activation: HiddenActivation = .gelu
    ) throws -> SentenceTransformer {
        let tokenizer = try SentenceTransformer(path: path).tokenizer
        var configuration = BertConfiguration(
            vocabularySize: tokenizer.vocabularySize + 2, hiddenSize: 64, layerCount: 2,
            headCount: 4, intermediateSize: 96)
        configuration.maxPositionEmbeddings = 64
        configuration.initializerRange = 0.2
        configuration.hiddenActivation = activation
        return try SentenceTransformer(
            configuration, tokenizer: tokenizer, pooling: Pooling(pooling),
            modules: dense.map { .dense($0) } + (normalizes ? [.normalize] : []),
            source: .random(seed: 7))
    }

    static func rows(_ tensor: Tensor) -> [[Float]] {
        let (values, width) = (tensor.values, tensor.shape[1])
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    /// The largest difference of two entries in the same place; infinite when the shapes differ.
    static func largestDifference(_ a: [[Float]], _ b: [[Float]]) -> Float {
        guard a.map(\.count) == b.map(\.count) else { return .infinity }
        return zip(a.joined(), b.joined()).reduce(0) { largest, pair in
            let difference = abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : max(largest, difference)
        }
    }

    /// The smallest cosine of two rows in the same place.
    static func smallestCosine(_ a: [[Float]], _ b: [[Float]]) -> Float {
        guard a.map(\.count) == b.map(\.count) else { return -1 }
        func product(_ x: [Float], _ y: [Float]) -> Float {
            zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return zip(a, b).map { x, y in
            product(x, y) / (product(x, x) * product(y, y)).squareRoot()
        }.min() ?? -1
    }
}
