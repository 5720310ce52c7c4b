import Foundation
import ModelFolders
import NeuralNetwork
import Serialization
import Testing
import Tokenization

@testable import SentenceEmbedding

/// What a model looks like as GGUF; what it computes is tested with llama.cpp.
@Suite struct GGUFExportTests {
    private func metadata(
        _ tokenizer: BertTokenizer, rows: Int = 0
    ) throws -> [String: GGUFValue] {
        Dictionary(
            uniqueKeysWithValues: try GGUFVocabulary(tokenizer, rows: rows, path: "m.gguf")
                .metadata.map { ($0.key, $0.value) })
    }

    private let vocabulary = Result {
        try Vocabulary(tokens: [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog", "##s", "##", "##\u{301}x", "<m>",
        ])
    }

    @Test func tokensAndTheirTypes() throws {
        let tokenizer = try BertTokenizer(
            vocabulary: vocabulary.get(), addedTokens: [AddedToken("<m>")])
        let metadata = try metadata(tokenizer, rows: 12)
        #expect(
            metadata["tokenizer.ggml.tokens"]
                == .strings([
                    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁dog", "s", "", "\u{301}x",
                    "<m>", "[PAD10]", "[PAD11]",
                ]))
        #expect(
            metadata["tokenizer.ggml.token_type"]
                == .int32s([3, 3, 3, 3, 3, 1, 1, 1, 1, 4, 5, 5]))
        #expect(metadata["tokenizer.ggml.model"] == .string("bert"))
        for (key, id) in [
            ("padding", 0), ("unknown", 1), ("cls", 2), ("bos", 2), ("seperator", 3), ("eos", 3),
            ("mask", 4),
        ] as [(String, UInt32)] {
            #expect(metadata["tokenizer.ggml.\(key)_token_id"] == .uint32(id))
        }
        #expect(metadata["tokenizer.ggml.normalizer.lowercase"] == .bool(true))
        #expect(metadata["tokenizer.ggml.normalizer.strip_accents"] == .bool(true))
    }

    @Test func casedVocabulary() throws {
        let metadata = try metadata(
            BertTokenizer(vocabulary: vocabulary.get(), configuration: .cased))
        #expect(metadata["tokenizer.ggml.normalizer.lowercase"] == .bool(false))
        #expect(metadata["tokenizer.ggml.normalizer.strip_accents"] == .bool(false))
    }

    @Test func whatLlamaCppCannotTokenizeIsRefused() throws {
        var configuration = BertTokenizerConfiguration()
        configuration.tokenizeChineseCharacters = false
        let tokenizer = try BertTokenizer(
            vocabulary: vocabulary.get(), configuration: configuration)
        let error = #expect(throws: GGUFError.self) { try metadata(tokenizer) }
        #expect(
            error?.description
                == "m.gguf: the tokenizer's tokenize_chinese_chars is false, which llama.cpp does not have; it has true. Export onnx or a folder"
        )
    }

    @Test func denseLayersAreRefused() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make(dense: [DenseConfiguration(inputs: 32, outputs: 8)])
        let error = #expect(throws: GGUFError.self) {
            try model.writeGGUF(to: folder("model.gguf"))
        }
        #expect(error?.description.contains("a dense layer, which llama.cpp does not have") == true)
        #expect(!FileManager.default.fileExists(atPath: folder("model.gguf").path))
    }

    @Test(arguments: PoolingMode.allCases)
    func poolings(mode: PoolingMode) throws {
        let folder = TemporaryFolder()
        let url = folder("model.gguf")
        let model = try TinyModel.make(pooling: [mode])
        if [.mean, .cls, .lastToken].contains(mode) {
            try model.writeGGUF(to: url)
            let bytes = try Data(contentsOf: url)
            let key = try #require(bytes.range(of: Data("bert.pooling_type".utf8)))
            let number = [PoolingMode.mean: 1, .cls: 2, .lastToken: 3][mode]
            #expect(number == Int(bytes[key.upperBound + 4]))
        } else {
            let error = #expect(throws: GGUFError.self) { try model.writeGGUF(to: url) }
            #expect(
                error?.description
                    == "\(url.path): the pooling is \(mode.rawValue), which llama.cpp does not have; it has mean, cls and lasttoken, one at a time. Export onnx or a folder"
            )
            #expect(!FileManager.default.fileExists(atPath: url.path))
        }
    }

    @Test func severalPoolingsAreRefused() throws {
        let folder = TemporaryFolder()
        let error = #expect(throws: GGUFError.self) {
            try TinyModel.make(pooling: [.cls, .mean]).writeGGUF(to: folder("model.gguf"))
        }
        #expect(error?.description.contains("the pooling is cls + mean") == true)
    }

    @Test func matricesTakeTheTypeAndNothingElseDoes() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        var sizes: [GGUFTensorType: Int] = [:]
        for type in GGUFTensorType.allCases {
            try model.writeGGUF(to: folder("model.gguf"), type: type)
            sizes[type] = try Data(contentsOf: folder("model.gguf")).count
        }
        let c = model.bert.configuration
        let perLayer = 4 * c.hiddenSize * c.hiddenSize + 2 * c.hiddenSize * c.intermediateSize
        let numbers = c.vocabularySize * c.hiddenSize + c.layerCount * perLayer
        let f32 = try #require(sizes[.f32])
        #expect(f32 - (sizes[.f16] ?? 0) == numbers * 2)
        #expect(abs(f32 - (sizes[.q8] ?? 0) - (numbers * 4 - numbers / 32 * 34)) < 32 * 20)
    }
}
