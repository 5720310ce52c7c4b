import ExampleFiles
import Foundation
import Losses
import ModelFolders
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

    static func scored(_ count: Int, seed: UInt64 = 3) -> ExampleTable {
        pairs("scored.tsv", count, seed, .scores((0..<count).map { Float($0 % 5) / 4 }))
    }

    static func labelled(_ count: Int, seed: UInt64 = 3) -> ExampleTable {
        pairs(
            "labelled.tsv", count, seed,
            .classes((0..<count).map { Int32($0 % 3) }, names: labels))
    }

    static func pairs(
        _ name: String, _ count: Int, _ seed: UInt64, _ labels: LabelColumn
    ) -> ExampleTable {
        ExampleTable(
            name: name,
            columns: [
                ("sentence1", sentences(count, seed: seed)),
                ("sentence2", sentences(count, seed: seed + 100)),
            ], labels: labels, lines: Array(1...max(1, count)).prefix(count).map { $0 })
    }

    static let labels = ["contradiction", "entailment", "neutral"]

    static func softmax(
        _ model: SentenceTransformer, _ data: ExampleTable, seed: UInt64 = 5
    ) throws -> EmbeddingObjective {
        try EmbeddingObjective(SoftmaxLoss.self, data: data, model: model, seed: seed)
    }

    /// A trainer with the cosine loss.
    static func cosineTrainer(
        _ model: SentenceTransformer, _ data: ExampleTable, _ configuration: TrainingConfiguration
    ) throws -> Trainer {
        try Trainer(
            model: model,
            objective: EmbeddingObjective(CosineSimilarityLoss.self, data: data, model: model),
            configuration: configuration)
    }

    /// A trainer with the softmax loss.
    static func softmaxTrainer(
        _ model: SentenceTransformer, _ data: ExampleTable, _ configuration: TrainingConfiguration
    ) throws -> Trainer {
        try Trainer(
            model: model, objective: softmax(model, data), configuration: configuration)
    }
}

/// Does something at every event.
final class OnEvent: TrainingCallback {
    private let body: (TrainingEvent, Trainer) throws -> TrainingControl

    init(_ body: @escaping (TrainingEvent, Trainer) throws -> TrainingControl) { self.body = body }

    /// Does something after every step.
    convenience init(step: @escaping (StepReport) -> Void) {
        self.init { event, _ in
            if case .stepped(let report) = event { step(report) }
            return .proceed
        }
    }

    /// Asks to stop after a step.
    convenience init(stopAfter step: Int) {
        self.init { _, trainer in trainer.state.step == step ? .stop : .proceed }
    }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) throws -> TrainingControl {
        try body(event, trainer)
    }
}

/// Saves as a run does: the best model, at intervals, after each epoch and at the end.
final class Saving: TrainingCallback {
    private let save: (_ trainer: Trainer, _ isBest: Bool) throws -> Void
    private var savedStep = 0

    init(_ save: @escaping (_ trainer: Trainer, _ isBest: Bool) throws -> Void) { self.save = save }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) throws -> TrainingControl {
        let step = trainer.state.step
        switch event {
        case .evaluated(_, isBest: true): try save(trainer, isBest: true)
        case .stepped(let report):
            if report.isEpochEnd || trainer.isDue(trainer.configuration.saveEvery) {
                try save(trainer, isBest: false)
            }
        case .ended where savedStep != step: try save(trainer, isBest: false)
        default: break
        }
        return .proceed
    }

    private func save(_ trainer: Trainer, isBest: Bool) throws {
        try trainer.requireSoundModel()
        if !isBest { savedStep = trainer.state.step }
        try save(trainer, isBest)
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
