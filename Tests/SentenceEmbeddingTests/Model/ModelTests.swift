import Foundation
import Kernels
import ModelFolders
import NeuralNetwork
import Serialization
import Tensors
import Testing
import Tokenization

@testable import SentenceEmbedding

@Suite struct ModelTests {
    /// Order, batch and neighbours do not matter.
    @Test func encodingIsOneByOne() throws {
        let model = try TinyModel.make()
        let sentences = TinyModel.sentences(23, seed: 2) + ["", "guitar"]
        let together = model.encode(sentences)
        #expect(together.shape == [25, 32])
        let small = model.encode(sentences, tokensPerBatch: 1)
        let alone = sentences.flatMap { model.encode([$0]).values }
        let tolerance: Float = GEMM.Engine.preferred == .own ? 0 : 1e-5
        #expect(zip(together.values, alone).allSatisfy { abs($0 - $1) <= tolerance })
        #expect(zip(small.values, alone).allSatisfy { abs($0 - $1) <= tolerance })
        #expect(together.values.allSatisfy { $0.isFinite })
        #expect(model.encode([]).shape == [0, 32])
    }

    @Test func repeatedSentencesHaveOneEmbedding() throws {
        let model = try TinyModel.make()
        let sentences = TinyModel.sentences(3, seed: 2)
        let once = model.encode(sentences)
        let places = [2, 0, 2, 1, 0, 2]
        let again = model.encode(places.map { sentences[$0] })
        for (row, place) in places.enumerated() {
            let difference = zip(
                again.slice(row..<row + 1).values, once.slice(place..<place + 1).values
            ).map { abs($0 - $1) }.max()
            #expect(difference ?? 1 < 1e-5)
        }
    }

    @Test func longSentencesAreCut() throws {
        let model = try TinyModel.make()
        let long = Array(repeating: "guitar", count: 1000).joined(separator: " ")
        #expect(model.tokenize([long])[0].count == 32)
        model.maxSequenceLength = 5
        #expect(model.tokenize([long])[0].count == 5)
        #expect(model.encode([long]).values == model.encode(["guitar guitar guitar"]).values)
    }

    /// `do_lower_case` of sentence-transformers goes for tokenizers that would tell cases apart.
    @Test func lowerCaseIsHonoured() throws {
        let folder = TemporaryFolder()
        try TinyModel.make().write(to: folder("model"))
        try folder.removeManifest(of: "model")
        try FileManager.default.removeItem(at: folder("model/tokenizer.json"))
        try Data(#"{"do_lower_case":false}"#.utf8).write(to: folder("model/tokenizer_config.json"))
        let (small, large) = ("the big dog \u{E9}", "The BIG Dog \u{C9}")
        let cased = try SentenceTransformer(path: folder("model").path)
        #expect(cased.tokenize([small]) != cased.tokenize([large]))

        let settings = folder("model/sentence_bert_config.json")
        try Data(#"{"max_seq_length":32,"do_lower_case":true}"#.utf8).write(to: settings)
        let lowered = try SentenceTransformer(path: folder("model").path)
        #expect(lowered.tokenize([large]) == cased.tokenize([small]))
        #expect(lowered.tokenizer.configuration.stripAccents == false)
    }

    @Test func impossibleModelsAreRefused() throws {
        func error(
            _ maxSequenceLength: Int? = nil, _ change: (inout BertConfiguration) -> Void = { _ in }
        ) throws -> ConfigurationError? {
            let tokenizer = try TinyModel.make().tokenizer
            var configuration = BertConfiguration(
                vocabularySize: 40, hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 8)
            change(&configuration)
            return #expect(throws: ConfigurationError.self) {
                try SentenceTransformer(
                    configuration, tokenizer: tokenizer, maxSequenceLength: maxSequenceLength,
                    source: .random(seed: 1))
            }
        }
        #expect(try error(2)?.key == "max_seq_length")
        #expect(try error { $0.maxPositionEmbeddings = 2 }?.key == "max_seq_length")
        #expect(try error { $0.headCount = 3 }?.key == "num_attention_heads")
        #expect(try error { $0.layerCount = 1025 }?.expected == "1...1024")
    }

    @Test func normalizedEmbeddingsHaveLengthOne() throws {
        let values = try TinyModel.make(normalizes: true).encode(["a dog runs ."]).values
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }

    @Test func poolingModes() {
        let hidden = Tensor([1, -4, 3, 2, 5, -6, -1, -1], [4, 2])
        let layout = SequenceLayout(lengths: [3, 1])
        func pooled(_ modes: [PoolingMode]) -> [Float] { Pooling(modes)(hidden, layout).values }
        #expect(pooled([.cls]) == [1, -4, -1, -1])
        #expect(pooled([.lastToken]) == [5, -6, -1, -1])
        #expect(pooled([.max]) == [5, 2, -1, -1])
        #expect(close(pooled([.mean]), [3, -8.0 / 3, -1, -1]))
        #expect(
            close(pooled([.meanSqrtLength]), [9 / 3.0.squareRoot(), -8 / 3.0.squareRoot(), -1, -1]))
        #expect(close(pooled([.weightedMean]), [22.0 / 6, -18.0 / 6, -1, -1]))
        #expect(pooled([.cls, .max]) == [1, -4, 5, 2, -1, -1, -1, -1])
    }

    private func close(_ a: [Float], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs(Double($0) - $1) < 1e-5 }
    }

    @Test func folderComesBackWhole() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make(normalizes: true)
        model.maxSequenceLength = 20
        try model.write(to: folder("model"), modelCard: ModelCard(model).text)
        let again = try SentenceTransformer(path: folder("model").path)
        #expect(again.parameters.bits == model.parameters.bits)
        #expect(again.maxSequenceLength == 20)
        #expect(again.normalizes)
        let sentences = TinyModel.sentences(5, seed: 4)
        #expect(again.encode(sentences).values == model.encode(sentences).values)
        #expect(again.tokenize(sentences) == model.tokenize(sentences))

        // A model takes the place of a model.
        try again.write(to: folder("model"))
        #expect(!FileManager.default.fileExists(atPath: folder("model/README.md").path))

        // Written again, the weights are the same bytes.
        try again.write(to: folder("again"))
        for file in [
            "model.safetensors", "config.json", "vocab.txt", "tokenizer.json", "modules.json",
        ] {
            #expect(
                try Data(contentsOf: folder("model/\(file)"))
                    == Data(contentsOf: folder("again/\(file)")), "\(file)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        #expect(left == ["again", "model"])
    }

    @Test func vocabularyMustFitTheWeights() throws {
        let vocabulary = try Vocabulary(tokens: [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b",
        ])
        let configuration = BertConfiguration(
            vocabularySize: 6, hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 8)
        let error = #expect(throws: ModelError.self) {
            try SentenceTransformer(
                configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
                source: .random(seed: 1))
        }
        #expect(
            error?.description
                == "the vocabulary has 7 tokens, but the weights have rows for only 6 (vocab_size in config.json): use the vocabulary that the model was trained with"
        )
    }

    @Test func missingModelIsNamed() {
        let error = #expect(throws: ModelError.self) {
            try SentenceTransformer(path: "/nowhere/model")
        }
        #expect(
            error?.description.hasPrefix(
                "/nowhere/model: no such file or folder; give the folder of a BERT model") == true)
    }
}
