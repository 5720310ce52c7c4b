import Foundation
import ModelLayout
import NeuralNetwork
import Serialization
import Testing

@testable import ModelFolders

@Suite struct ModelFolderTests {
    private let folder = TemporaryFolder()

    private static let config =
        #"{"model_type":"bert","vocab_size":100,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":40,"max_position_embeddings":64}"#
    private static func modules(
        _ kinds: String..., prefix: String = "sentence_transformers.models."
    ) -> String {
        let paths = [
            "Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize",
            "Dense": "2_Dense", "Dropout": "3_Dropout", "BERT": "0_BERT",
            "DistilBERT": "0_DistilBERT",
        ]
        let entries = kinds.enumerated().map {
            #"{"idx":\#($0.offset),"name":"\#($0.offset)","path":"\#(paths[$0.element] ?? "x")","type":"\#(prefix)\#($0.element)"}"#
        }
        return "[" + entries.joined(separator: ",") + "]"
    }
    private static let legacyPooling =
        #"{"word_embedding_dimension":24,"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true,"pooling_mode_max_tokens":false,"pooling_mode_mean_sqrt_len_tokens":false}"#

    private func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let url = folder(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private func expectError(
        _ files: [String: String], _ parts: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try write(files)
        let error = #expect(throws: ModelFolderError.self, sourceLocation: sourceLocation) {
            try ModelFolder(reading: folder.url)
        }
        for part in parts {
            #expect(
                error?.description.contains(part) == true, "\(error?.description ?? "")",
                sourceLocation: sourceLocation)
        }
    }

    @Test func aPlainBert() throws {
        try write(["config.json": Self.config])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.configuration.hiddenSize == 24)
        #expect(model.configuration.layerNormEpsilon == 1e-12)
        #expect(model.poolingModes == [.mean])
        #expect(model.modules == [])
        #expect(model.maxSequenceLength == 64)
    }

    @Test func theLegacyLayout() throws {
        try write([
            "config.json": Self.config,
            "modules.json": Self.modules("Transformer", "Pooling", "Normalize"),
            "1_Pooling/config.json": Self.legacyPooling,
            "sentence_bert_config.json": #"{"max_seq_length":32,"do_lower_case":false}"#,
            "tokenizer_config.json": #"{"model_max_length":1000000000000000019884624838656}"#,
        ])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.poolingModes == [.cls, .mean])
        #expect(model.modules == [.normalize])
        #expect(model.maxSequenceLength == 32)
    }

    @Test func theNewLayout() throws {
        try write([
            "config.json": Self.config,
            "modules.json":
                #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.base.modules.transformer.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.sentence_transformer.modules.pooling.Pooling"},{"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.base.modules.normalize.Normalize"}]"#,
            "1_Pooling/config.json":
                #"{"embedding_dimension":24,"pooling_mode":"weightedmean","include_prompt":true}"#,
            "sentence_bert_config.json": #"{"transformer_task":"feature-extraction"}"#,
            "tokenizer_config.json": #"{"model_max_length":20}"#,
        ])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.poolingModes == [.weightedMean])
        #expect(model.modules == [.normalize])
        #expect(model.maxSequenceLength == 20)
    }

    @Test(arguments: ["roberta", "xlm-roberta", "mpnet", "albert", "modernbert"])
    func otherArchitecturesAreNamed(_ type: String) throws {
        try expectError(
            ["config.json": Self.config.replacing("\"bert\"", with: "\"\(type)\"")],
            "model_type is \(type), which is not supported; supported: bert, distilbert")
    }

    @Test func aDistilBert() throws {
        let config =
            #"{"model_type":"distilbert","vocab_size":100,"dim":24,"n_heads":3,"hidden_dim":40,"dropout":0.2,"hidden_size":1}"#
        try write(["config.json": config])
        let model = try ModelFolder(reading: folder.url)
        var expected = BertConfiguration(
            vocabularySize: 100, hiddenSize: 24, layerCount: 6, headCount: 3, intermediateSize: 40)
        expected.typeVocabularySize = 1
        expected.hiddenDropout = 0.2
        #expect(model.encoder == .distilbert)
        #expect(model.configuration == expected)

        // Mistakes are named as the file names them.
        func with(_ more: String) -> [String: String] {
            ["config.json": config.dropLast() + ",\(more)}"]
        }
        try expectError(with(#""activation":"mish""#), "activation is mish", "supported: gelu")
        try expectError(with(#""n_layers":0"#), "n_layers is 0")
        try expectError(with(#""attention_dropout":"x""#), "attention_dropout is not of type Float")
    }

    @Test func otherSettingsAreNamed() throws {
        func config(_ more: String) -> [String: String] {
            ["config.json": Self.config.dropLast() + ",\(more)}"]
        }
        try expectError(
            config(#""hidden_act":"quick_gelu""#), "hidden_act is quick_gelu",
            "supported: gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, relu, silu, swish"
        )
        try expectError(
            config(#""position_embedding_type":"relative_key""#),
            "position_embedding_type is relative_key")
        try expectError(config(#""is_decoder":true"#), "is_decoder is true")
        try expectError(
            config(#""hidden_dropout_prob":1.5"#), "hidden_dropout_prob is 1.5, expected 0..<1")
        try expectError(config(#""type_vocab_size":0"#), "type_vocab_size is 0")
        try expectError(config(#""layer_norm_eps":"x""#), "layer_norm_eps is not of type Float")
        try expectError(
            ["config.json": "{nonsense"],
            "config.json: not JSON (line 1: expected a key in quotes at column 2)")
        try expectError(["config.json": "[]"], "the whole file is a list of 0, expected an object")
    }

    @Test func modulesAreChecked() throws {
        let base = ["config.json": Self.config, "1_Pooling/config.json": Self.legacyPooling]
        func with(_ modules: String) -> [String: String] {
            base.merging(["modules.json": modules]) { $1 }
        }
        try expectError(
            with(Self.modules("Transformer", "Pooling", "CNN")),
            "a module is sentence_transformers.models.CNN",
            "supported: Transformer, Pooling, Dense, Normalize")
        try expectError(
            with(Self.modules("Transformer", "Pooling", "Normalize", "Pooling")),
            "the order of modules is Transformer, Pooling, Normalize, Pooling",
            "supported: Transformer, Pooling, then any number of Dense, Normalize and Dropout")
        try expectError(
            with(Self.modules("Transformer", "Pooling", prefix: "custom.")),
            "a module is custom.Transformer")
        try expectError(
            with(Self.modules("Pooling", "Transformer")),
            "the order of modules is Pooling, Transformer")
        try expectError(with(Self.modules("Transformer")), "the order of modules is Transformer")
        try expectError(with("{}"), "expected a list of modules")
        try expectError(
            with(
                #"[{"type":"sentence_transformers.models.Transformer","path":""},{"type":"sentence_transformers.models.Pooling","path":"../secret"}]"#
            ),
            "the path '../secret' leaves the folder")
    }

    @Test func poolingIsChecked() throws {
        let base = [
            "config.json": Self.config, "modules.json": Self.modules("Transformer", "Pooling"),
        ]
        func with(_ pooling: String) -> [String: String] {
            base.merging(["1_Pooling/config.json": pooling]) { $1 }
        }
        try expectError(base, "1_Pooling/config.json: not found")
        try expectError(
            with(#"{"pooling_mode":"attention"}"#), "pooling_mode is attention",
            "supported: cls, max, mean")
        try expectError(
            with(#"{"pooling_mode_mean_tokens":false}"#), "the pooling is none switched on")
        try expectError(
            with(#"{"word_embedding_dimension":25,"pooling_mode_mean_tokens":true}"#),
            "embedding_dimension is 25, expected 24, the hidden_size")
        try expectError(
            with(#"{"pooling_mode_mean_tokens":"yes"}"#),
            "pooling_mode_mean_tokens is 'yes', expected true or false")
    }

    @Test func weightsAreFoundOrNamed() throws {
        try write(["config.json": Self.config])
        let model = try ModelFolder(reading: folder.url)
        let missing = #expect(throws: ModelFolderError.self) {
            try model.weightsFile(in: folder.url)
        }
        #expect(
            missing?.description.contains(
                "model.safetensors: not found; expected the model's weights") == true)
        try write(["flax_model.msgpack": "x"])
        let other = #expect(throws: ModelFolderError.self) { try model.weightsFile(in: folder.url) }
        #expect(other?.description.contains("flax_model.msgpack, which is not supported") == true)
        #expect(other?.description.contains("save it to convert it") == true)
        // The best comes last here, and goes before all others.
        for name in [
            "tf_model.h5", "pytorch_model.bin.index.json", "pytorch_model.bin",
            "model.safetensors.index.json", "model.safetensors",
        ] {
            try write([name: ""])
            #expect(try model.weightsFile(in: folder.url).lastPathComponent == name)
        }
    }

    @Test func writtenAndReadAgain() throws {
        var configuration = BertConfiguration(
            vocabularySize: 99, hiddenSize: 24, layerCount: 3, headCount: 4, intermediateSize: 50)
        configuration.layerNormEpsilon = 1e-7
        configuration.hiddenDropout = 0.25
        for (modes, normalizes) in [
            ([PoolingMode.mean], true), ([.cls, .lastToken, .weightedMean], false),
        ] {
            let model = ModelFolder(
                configuration: configuration,
                poolingModes: modes.sorted {
                    PoolingMode.allCases.firstIndex(of: $0) ?? 0 < PoolingMode.allCases.firstIndex(
                        of: $1) ?? 0
                },
                modules: normalizes ? [.normalize] : [], maxSequenceLength: 77)
            let target = folder(normalizes ? "a" : "b")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try model.write(to: target)
            #expect(try ModelFolder(reading: target) == model)
            let pooling = try String(
                contentsOf: target.appending(path: "1_Pooling/config.json"), encoding: .utf8)
            #expect(pooling.contains("\"pooling_mode_cls_token\": \(!normalizes)"))
        }
    }

    /// A file of names alone.
    private struct Names: WeightReader {
        let source = "model.safetensors"
        let names: [String]
        func shape(of name: String) -> [Int]? { names.contains(name) ? [5, 1] : nil }
        func read(_ name: String, into buffer: inout MutableSpan<Float>) {}
    }

    @Test func namesOfWeights() throws {
        let weights = try BertWeights(
            Names(names: [
                "bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.beta",
                "bert.embeddings.position_ids",
                "bert.pooler.dense.weight", "cls.predictions.bias", "classifier.weight",
                "my_head.out.bias",
            ]))
        #expect(
            weights.names == [
                "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias", "pooler.dense.weight",
            ])
        #expect(
            weights.heads == ["cls.predictions.bias", "classifier.weight", "my_head.out.bias"])
        #expect(weights.shape(of: "embeddings.LayerNorm.bias") == [5, 1])
        #expect(weights.shape(of: "bert.embeddings.LayerNorm.beta") == nil)
        #expect(
            BertWeights.canonical("0.auto_model.encoder.layer.0.output.dense.bias", of: .bert)
                == "encoder.layer.0.output.dense.bias")
        let error = #expect(throws: SerializationError.self) {
            try BertWeights(Names(names: ["bert.pooler.dense.bias", "pooler.dense.bias"]))
        }
        #expect(
            error?.description.contains(
                "bert.pooler.dense.bias and pooler.dense.bias are both pooler.dense.bias") == true)
    }

    @Test func namesOfDistilBert() throws {
        let layer = "distilbert.transformer.layer.11."
        let weights = try BertWeights(
            Names(names: [
                "distilbert.embeddings.word_embeddings.weight", layer + "attention.q_lin.weight",
                layer + "attention.k_lin.weight", layer + "attention.v_lin.bias",
                layer + "attention.out_lin.weight", layer + "sa_layer_norm.bias",
                layer + "ffn.lin1.weight", layer + "ffn.lin2.bias",
                layer + "output_layer_norm.weight", "vocab_projector.bias",
                "pre_classifier.weight", "distilbert.transformer.other.0.weight",
            ]), of: .distilbert)
        let ours = "encoder.layer.11."
        let tokenTypes = "embeddings.token_type_embeddings.weight"
        #expect(
            weights.names == [
                "embeddings.word_embeddings.weight", ours + "attention.self.query.weight",
                ours + "attention.self.key.weight", ours + "attention.self.value.bias",
                ours + "attention.output.dense.weight", ours + "attention.output.LayerNorm.bias",
                ours + "intermediate.dense.weight", ours + "output.dense.bias",
                ours + "output.LayerNorm.weight", "transformer.other.0.weight", tokenTypes,
            ])
        #expect(weights.heads == ["vocab_projector.bias", "pre_classifier.weight"])
        #expect(weights.shape(of: tokenTypes) == [1, 1])
        var values: [Float] = [7]
        var span = values.mutableSpan
        try weights.read(tokenTypes, into: &span)
        #expect(values == [0])
    }
}
