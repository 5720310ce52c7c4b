import Foundation
import Simile

/// A piece of work that a worker, ours or the peer's, does once a round; also the workers' input file.
struct Work: Codable {
    enum Kind: String, Codable { case train, encode, tokenize }

    /// What the model is: a folder, or sizes of a BERT with random weights.
    struct Model: Codable {
        /// The folder of the model, or of the tokenizer alone when there are sizes.
        var folder: String
        /// hidden_size, num_hidden_layers, num_attention_heads.
        var sizes: [Int]?
        /// The same model as an ONNX file, and as GGUF files of float32 and of 8-bit weights, for engines that read those.
        var onnx: String?
        var gguf: String?
        var smallGGUF: String?
    }

    var name: String
    var kind: Kind
    var model: Model
    var maxLength: Int
    var threads: Int
    /// Whether one thread alone does what `threads` would, and says what each of their tasks took.
    var isRecorded = false
    /// The sentences of `encode` and `tokenize`.
    var sentences: [String] = []
    /// The pairs of `train` in the order of the batches; labels are scores in 0...1, or class ids.
    var first: [String] = []
    var second: [String] = []
    var labels: [Float] = []
    var loss = CosineSimilarityLoss.name
    var batchSize = 16
    /// Optimizer steps in a round.
    var stepsPerRound = 8
    /// The settings that are measured; nil for all of its kind.
    var settings: [Setting]?
    /// How it is done.
    var setting = Setting.ours(.float32)
}

/// Whose program does a piece of work, and with which of its settings.
struct Setting: Codable {
    enum Engine: String, Codable {
        case simile, torch, onnxruntime, openvino
        case llama = "llama.cpp"
    }
    enum Numbers: String, Codable { case float32, bf16, int8 }

    var engine: Engine
    /// What the weights are multiplied in.
    var numbers: Numbers
    /// Training: batches of texts of similar length, PyTorch's fused AdamW, and its compiler.
    var isGrouped = false
    var isFused = false
    var isCompiled = false

    static func ours(_ numbers: Numbers) -> Setting {
        Setting(engine: .simile, numbers: numbers)
    }

    var name: String {
        ([engine.rawValue, numbers.rawValue] + (isGrouped ? ["grouped"] : [])
            + (isFused ? ["fused"] : []) + (isCompiled ? ["compiled"] : [])).joined(separator: " ")
    }

    /// What a careful user of this program would try for a kind of work, its defaults first.
    static func all(for kind: Work.Kind) -> [Setting] {
        switch kind {
        case .train:
            [
                .ours(.float32), .ours(.bf16),
                Setting(engine: .torch, numbers: .float32),
                Setting(engine: .torch, numbers: .bf16, isFused: true),
                Setting(engine: .torch, numbers: .bf16, isGrouped: true, isFused: true),
                Setting(
                    engine: .torch, numbers: .bf16, isGrouped: true, isFused: true, isCompiled: true
                ),
            ]
        case .encode:
            [
                .ours(.float32), .ours(.bf16), .ours(.int8),
                Setting(engine: .torch, numbers: .float32),
                Setting(engine: .torch, numbers: .bf16),
                Setting(engine: .onnxruntime, numbers: .float32),
                Setting(engine: .onnxruntime, numbers: .int8),
                Setting(engine: .openvino, numbers: .float32),
                Setting(engine: .openvino, numbers: .bf16),
                Setting(engine: .llama, numbers: .float32),
                Setting(engine: .llama, numbers: .int8),
            ]
        case .tokenize: [.ours(.float32), Setting(engine: .torch, numbers: .float32)]
        }
    }
}

/// What a worker answers to the line "round".
struct Round: Codable {
    var seconds: Double
    /// Pairs, sentences or lines done.
    var units: Int
    /// Peak resident memory of the worker so far.
    var peakMiB: Double
    /// What each task of each job took, in seconds, if the work is recorded.
    var jobs: [[Double]]?
}

extension Work {
    func configuration() throws -> BertConfiguration {
        if let sizes = model.sizes {
            return BertConfiguration(
                vocabularySize: 30522, hiddenSize: sizes[0], layerCount: sizes[1],
                headCount: sizes[2], intermediateSize: 4 * sizes[0])
        }
        return try ModelFolder(reading: URL(filePath: model.folder)).configuration
    }

    /// Operations in matrix products that each unit needs, on average, counting real tokens only.
    ///
    /// Forward: 2 for each weight of the encoder layers and token, and 4 · length · hidden for each token and
    /// layer in attention; training three times that.
    func operationsPerUnit(tokenizer: BertTokenizer) throws -> Double {
        let c = try configuration()
        let (hidden, wide) = (Double(c.hiddenSize), Double(c.intermediateSize))
        func forward(_ text: String) -> Double {
            let length = Double(tokenizer.encode(text, maxLength: maxLength).count)
            let weights = 4 * hidden * hidden + 2 * hidden * wide
            return Double(c.layerCount) * length * (2 * weights + 4 * length * hidden)
        }
        switch kind {
        case .train:
            let texts = first + second
            return 3 * texts.map(forward).reduce(0, +) / Double(first.count)
        case .encode: return sentences.map(forward).reduce(0, +) / Double(sentences.count)
        case .tokenize: return 0
        }
    }
}
