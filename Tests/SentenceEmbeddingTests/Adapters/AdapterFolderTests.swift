import Foundation
import JSON
import ModelFolders
import NeuralNetwork
import Serialization
import Testing

@testable import SentenceEmbedding

/// Adapters in PEFT's layout.
@Suite struct AdapterFolderTests {
    private let folder = TemporaryFolder()
    private let sentences = TinyModel.sentences(5, seed: 8)

    /// Writes a base and adapters of it, and returns the model that they make.
    @discardableResult
    private func adapted(
        base: String = "base", _ change: (inout LoRAConfiguration) -> Void = { _ in }
    ) throws -> SentenceTransformer {
        let model = try TinyModel.make()
        try model.write(to: folder("base"))
        var configuration = LoRAConfiguration()
        configuration.rank = 2
        change(&configuration)
        try model.addAdapters(configuration, base: base, seed: 3)
        for parameter in model.adapters?.trained ?? [] {
            for part in parameter.parts {
                parameter.setValues(of: part) { values in
                    for i in values.indices { values[i] = Float((i * 7) % 11 - 5) / 20 }
                }
            }
        }
        try model.writeAdapters(to: folder("adapter"))
        return model
    }

    /// As another program would write it: without a manifest.
    private func setting(_ changes: [String: JSONValue?]) throws {
        try? FileManager.default.removeItem(at: folder("adapter/simile-manifest.json"))
        let url = folder("adapter/adapter_config.json")
        let value = try JSONValue(parsing: Data(contentsOf: url))
        let kept = value.members?.filter { changes[$0.key] == nil } ?? []
        let added = changes.compactMap { key, value in value.map { JSONValue.Member(key, $0) } }
        try Data(JSONValue.object(kept + added).text.utf8).write(to: url)
    }

    private var message: String {
        do {
            _ = try SentenceTransformer(path: folder("adapter").path)
            return "no error"
        } catch { return "\(error)" }
    }

    /// A bit of a weight, which no format notices.
    @Test func aChangedFileIsRefused() throws {
        try adapted(base: "../base")
        #expect(try ModelManifest.check(folder("adapter")) == 1)
        let name = "adapter/adapter_model.safetensors"
        var bytes = try folder.bytes(of: name)
        bytes[bytes.count - 20] ^= 1
        try folder.write(bytes, to: name)
        #expect(
            throws: ManifestError.changed(
                path: folder(name).path, manifest: folder("adapter/simile-manifest.json").path)
        ) { _ = try SentenceTransformer(path: folder("adapter").path) }
        try FileManager.default.removeItem(at: folder("adapter/simile-manifest.json"))
        _ = try SentenceTransformer(path: folder("adapter").path)
    }

    @Test func theLayoutIsPEFTs() throws {
        try adapted {
            $0.bias = .all
            $0.targetModules = ["query", "output.dense"]
        }
        let config = try JSONValue(
            parsing: Data(contentsOf: folder("adapter/adapter_config.json")))
        let expected: [String: JSONValue] = [
            "peft_type": "LORA", "task_type": "FEATURE_EXTRACTION", "r": 2, "bias": "all",
            "target_modules": ["query", "output.dense"], "base_model_name_or_path": "base",
            "inference_mode": true, "use_rslora": false,
        ]
        for (key, value) in expected { #expect(config[key] == value, "\(key)") }
        let file = try SafetensorsFile(folder("adapter/adapter_model.safetensors"))
        let layer = "base_model.model.encoder.layer.0"
        for (name, shape) in [
            ("\(layer).attention.self.query.lora_A.weight", [2, 32]),
            ("\(layer).attention.self.query.lora_B.weight", [32, 2]),
            ("\(layer).attention.self.query.base_layer.bias", [32]),
            ("\(layer).attention.self.key.bias", [32]),
            ("\(layer).attention.output.dense.lora_A.weight", [2, 32]),
            ("\(layer).output.dense.lora_A.weight", [2, 64]),
            ("\(layer).output.dense.base_layer.bias", [32]),
            ("\(layer).intermediate.dense.bias", [64]),
            ("base_model.model.embeddings.LayerNorm.bias", [32]),
            ("base_model.model.pooler.dense.bias", [32]),
        ] {
            #expect(file.shape(of: name) == shape, "\(name)")
        }
        #expect(file.names.count == 2 * (3 * 2 + 8) + 2)
        #expect(file.names.allSatisfy { $0.hasPrefix("base_model.model.") })
    }

    @Test(arguments: [LoRAConfiguration.Bias.none, .all, .adapted])
    func writtenAndRead(_ bias: LoRAConfiguration.Bias) throws {
        let model = try adapted {
            $0.bias = bias
            $0.targetModules = ["query", "key", "value", "dense"]
            $0.usesRankStabilization = true
        }
        let expected = try SentenceTransformer(copying: model).parameters.bits
        func read() throws -> [String: [UInt32]] {
            try SentenceTransformer(path: folder("adapter").path).parameters.bits
        }
        // Relative to the working directory, to the folder, and whole.
        #expect(message.contains("base, cannot be opened"), "\(message)")
        for base in ["../base", folder("base").path] {
            try setting(["base_model_name_or_path": .string(base)])
            #expect(try read() == expected)
        }
        // What PEFT writes when layers are given by a regular expression, and the keys that change nothing.
        try setting([
            "target_modules": ".*(query|key|value|dense)", "peft_version": "0.21.2",
            "lora_bias": false, "loftq_config": .object([]), "megatron_core": "megatron.core",
        ])
        #expect(try read() == expected)
    }

    @Test(
        arguments: [
            ("peft_type", "IA3", "peft_type is 'IA3', which is not supported; supported: LORA"),
            ("modules_to_save", ["classifier"], "modules_to_save is a list of 1, which is not"),
            ("use_dora", true, "use_dora is true, which is not supported"),
            ("rank_pattern", ["query": 4], "rank_pattern is an object of 1 keys, which is not"),
            ("init_lora_weights", "pissa", "init_lora_weights is 'pissa', which is not supported"),
            ("exclude_modules", ["key"], "exclude_modules is a list of 1, which is not supported"),
            ("use_something_new", 1, "use_something_new is 1, which is not supported"),
            ("r", 0, "r is 0; expected 1...1024"),
            (
                "r", 3,
                "of another shape: encoder.layer.0.attention.self.query.lora_A.weight is [2, 32]"
            ),
            (
                "target_modules", ["query"],
                "4 unexpected: encoder.layer.0.attention.self.value.lora_A"
            ),
            (
                "target_modules", ["query", "key", "value"],
                "4 missing: encoder.layer.0.attention.self.key"
            ),
            ("target_modules", ["q_lin"], "no linear layer of the encoder is called 'q_lin'"),
            ("base_model_name_or_path", nil, "expected base_model_name_or_path, the model"),
            (
                "base_model_name_or_path", "some/where",
                "some/where, cannot be opened (some/where: no such"
            ),
            ("base_model_name_or_path", "../adapter", "and adapters on another model itself"),
        ] as [(String, JSONValue?, String)])
    func whatIsRefused(_ key: String, _ value: JSONValue?, _ expected: String) throws {
        try adapted(base: "../base")
        try setting([key: value])
        #expect(message.contains(expected), "\(message)")
        #expect(message.contains(folder("adapter").path), "\(message)")
    }

    @Test func theWeightsAreNeeded() throws {
        try adapted(base: "../base")
        try FileManager.default.removeItem(at: folder("adapter/adapter_model.safetensors"))
        #expect(message.contains("adapter_model.safetensors"))
        try Data("{".utf8).write(to: folder("adapter/adapter_config.json"))
        #expect(message.contains("not JSON"))
    }

    /// A folder of sentence-transformers: pooling, normalisation and lengths are its own, the base is a plain BERT.
    @Test func modulesBesideAdapters() throws {
        let model = try adapted(base: "../base")
        let plain = try SentenceTransformer(path: folder("adapter").path)
        let other = try SentenceTransformer(
            model.bert.configuration, tokenizer: model.tokenizer, pooling: Pooling([.cls]),
            modules: [.normalize], maxSequenceLength: 7,
            source: .weights(ParameterWeights(model)))
        try other.write(to: folder("other"))
        for name in ["config.json", "model.safetensors", "simile-manifest.json"] {
            try FileManager.default.removeItem(at: folder("other/" + name))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder("adapter").path) {
            try FileManager.default.copyItem(
                at: folder("adapter/" + name), to: folder("other/" + name))
        }
        let read = try SentenceTransformer(path: folder("other").path)
        #expect(read.maxSequenceLength == 7 && read.normalizes)
        #expect(read.encode(sentences).values == other.encode(sentences).values)
        #expect(read.parameters.bits == plain.parameters.bits)
    }

    /// The pooler is no part of embeddings: PEFT is told to leave it alone, and what it made of it is left out.
    @Test func thePooler() throws {
        let model = try adapted(base: "../base") { $0.targetModules = ["dense"] }
        let config = try JSONValue(
            parsing: Data(contentsOf: folder("adapter/adapter_config.json")))
        #expect(config["exclude_modules"] == ["pooler.dense"])
        let file = try SafetensorsFile(folder("adapter/adapter_model.safetensors"))
        let pooler = ["A": [2, 32], "B": [32, 2]].map { name, shape in
            OutgoingArray(
                name: "base_model.model.pooler.dense.lora_\(name).weight", shape: shape
            ) { try $0([Float](repeating: 1, count: 64).span) }
        }
        let others = file.names.map { name in
            OutgoingArray(name: name, shape: file.shape(of: name) ?? []) { body in
                var values = [Float](repeating: 0, count: file.shape(of: name)?.reduce(1, *) ?? 0)
                var span = values.mutableSpan
                try file.read(name, into: &span)
                try body(values.span)
            }
        }
        try SafetensorsFile.write(others + pooler, to: folder("more"))
        try FileManager.default.removeItem(at: folder("adapter/adapter_model.safetensors"))
        try FileManager.default.moveItem(
            at: folder("more"), to: folder("adapter/adapter_model.safetensors"))
        try setting(["exclude_modules": .null])
        #expect(
            try SentenceTransformer(path: folder("adapter").path).parameters.bits
                == SentenceTransformer(copying: model).parameters.bits)
    }
}
