import Foundation
import NeuralNetwork
import SentenceEmbedding
import Serialization
import Tensors
import TestSupport
import Tokenization

/// A model of a few thousand numbers over a vocabulary of a few words.
enum TinyModel {
    static let words = [
        "a", "the", "man", "woman", "dog", "cat", "plays", "sleeps", "runs", "eats", "guitar",
        "piano", "ball",
        "fish", "in", "on", "park", "house", "red", "blue", "big", "small", "fast", "slow",
        "quickly", "not", ".",
    ]

    static func make(
        dropout: Float = 0.1, pooling: [PoolingMode] = [.mean], dense: [DenseConfiguration] = [],
        normalizes: Bool = false, seed: UInt64 = 1
    ) throws -> SentenceTransformer {
        let vocabulary = try Vocabulary(
            tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words)
        var configuration = BertConfiguration(
            vocabularySize: vocabulary.count, hiddenSize: 32, layerCount: 2, headCount: 4,
            intermediateSize: 64)
        configuration.maxPositionEmbeddings = 32
        configuration.hiddenDropout = dropout
        configuration.attentionDropout = dropout
        return try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            pooling: Pooling(pooling),
            modules: dense.map { .dense($0) } + (normalizes ? [.normalize] : []),
            source: .random(seed: seed))
    }

    /// Sentences of these words, the same for a seed.
    static func sentences(_ count: Int, seed: UInt64) -> [String] {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        return (0..<count).map { _ in
            (0..<3 + next(7)).map { _ in words[next(words.count)] }.joined(separator: " ")
        }
    }

    static func scored(_ count: Int, seed: UInt64 = 3) -> PairDataset<Float> {
        let (a, b) = (sentences(count, seed: seed), sentences(count, seed: seed + 100))
        return PairDataset(
            name: "scored.tsv",
            pairs: (0..<count).map {
                SentencePair(a[$0], b[$0], label: Float($0 % 5) / 4, line: $0 + 1)
            })
    }

    static func labelled(_ count: Int, seed: UInt64 = 3) -> PairDataset<Int32> {
        let (a, b) = (sentences(count, seed: seed), sentences(count, seed: seed + 100))
        return PairDataset(
            name: "labelled.tsv",
            pairs: (0..<count).map {
                SentencePair(a[$0], b[$0], label: Int32($0 % 3), line: $0 + 1)
            })
    }

    static let labels = ["contradiction", "entailment", "neutral"]

    static func softmaxLoss(_ model: SentenceTransformer, seed: UInt64 = 5) -> SoftmaxLoss {
        SoftmaxLoss(
            dimension: model.embeddingDimension, labels: labels, source: .random(seed: seed))
    }
}

typealias TemporaryFolder = TestSupport.TemporaryFolder

extension Sequence<Parameter> {
    /// Every value under every name, for comparisons to the last bit.
    var bits: [String: [UInt32]] {
        var bits: [String: [UInt32]] = [:]
        for parameter in self {
            let values = parameter.tensor.values
            for part in parameter.parts {
                bits[part.name] = values[part.offset..<part.offset + part.shape.count].map(
                    \.bitPattern)
            }
        }
        return bits
    }
}
