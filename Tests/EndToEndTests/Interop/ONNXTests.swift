import Foundation
import Simile
import Testing

extension Interop {
    /// The exported file in the real onnxruntime.
    @Suite(
        .enabled(
            if: Python.has("onnx, onnxruntime, numpy"), Python.missing("onnx and onnxruntime")))
    struct ONNXTests {
        /// What onnxruntime computes for all sentences in one padded batch.
        private struct Result: Decodable {
            let sentences: [[Float]]
            /// The vectors of the tokens of each sentence, without those of padding, joined.
            let tokens: [[Float]]
        }

        private static let script = """
            import json, sys
            import numpy as np, onnx, onnxruntime
            ids = json.loads(sys.argv[1])
            longest = max(map(len, ids))
            pad = lambda rows: np.array([r + [0] * (longest - len(r)) for r in rows], dtype=np.int64)
            feed = {"input_ids": pad(ids), "attention_mask": pad([[1] * len(r) for r in ids])}
            feed["token_type_ids"] = np.zeros_like(feed["input_ids"])
            results = []
            for path in sys.argv[2:]:
                onnx.checker.check_model(onnx.load(path), full_check=True)
                session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
                tokens, sentences = session.run(["last_hidden_state", "sentence_embedding"], feed)
                results.append({
                    "sentences": sentences.tolist(),
                    "tokens": [t[:len(r)].ravel().tolist() for t, r in zip(tokens, ids)]})
            print(json.dumps(results))
            """

        private func run(
            _ model: SentenceTransformer, _ files: [URL],
            sentences: [String] = ExportedModels.sentences
        ) throws -> [Result] {
            let ids = model.tokenize(sentences)
            let json = String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)
            return try Python.value(of: Self.script, [json] + files.map(\.path))
        }

        /// Every pooling, alone and all together, and every activation of dense layers and of the encoder.
        @Test func poolings() throws {
            let folder = TemporaryFolder()
            let start = try folder.newModel()
            let poolings = PoolingMode.allCases.map { [$0] } + [PoolingMode.allCases.reversed()]
            var models: [SentenceTransformer] = []
            for pooling in poolings {
                for normalizes in [false, true] {
                    models.append(
                        try ExportedModels.tiny(
                            vocabularyOf: start, pooling, normalizes: normalizes))
                }
            }
            for activation in DenseConfiguration.Activation.allCases {
                let dense = [
                    DenseConfiguration(inputs: 64, outputs: 24, activation: activation),
                    DenseConfiguration(inputs: 24, outputs: 10, hasBias: false),
                ]
                models.append(
                    try ExportedModels.tiny(vocabularyOf: start, [.mean], dense: dense))
            }
            for activation in HiddenActivation.allCases {
                models.append(
                    try ExportedModels.tiny(
                        vocabularyOf: start, [.mean], activation: activation))
            }
            let files = models.indices.map { folder("\($0).onnx") }
            for (model, file) in zip(models, files) { try model.writeONNX(to: file) }
            let results = try run(models[0], files)
            #expect(results.count == models.count)
            for (model, result) in zip(models, results) {
                let ours = ExportedModels.rows(model.encode(ExportedModels.sentences))
                let difference = ExportedModels.largestDifference(ours, result.sentences)
                #expect(difference < 1e-5, "\(model.pooling.modes) \(model.normalizes)")
            }
            let hidden = models[0].bert(TokenBatch(models[0].tokenize(ExportedModels.sentences)))
            let tokens = results[0].tokens.flatMap { $0 }
            #expect(ExportedModels.largestDifference([hidden.values], [tokens]) < 1e-5)
        }

        @Test func int8() throws {
            let folder = TemporaryFolder()
            let model = try ExportedModels.tiny(vocabularyOf: folder.newModel(), [.mean])
            try model.writeONNX(to: folder("model.onnx"), precision: .int8)
            let results = try run(model, [folder("model.onnx")])
            let ours = ExportedModels.rows(model.encode(ExportedModels.sentences))
            #expect(ExportedModels.smallestCosine(ours, results[0].sentences) > 0.98)
            // Nothing depends on the sentences that are encoded in the same batch.
            for (index, sentence) in ExportedModels.sentences.enumerated() {
                let alone = try run(model, [folder("model.onnx")], sentences: [sentence])
                let difference = ExportedModels.largestDifference(
                    alone[0].sentences, [results[0].sentences[index]])
                #expect(difference < 1e-5, "\(sentence)")
            }
        }

        @Test(.enabled(if: ExportedModels.miniLM != nil, "SIMILE_MINILM names no folder"))
        func miniLM() throws {
            let folder = TemporaryFolder()
            let path = try #require(ExportedModels.miniLM)
            let model = try SentenceTransformer(path: path)
            for (file, options) in [("f32", []), ("int8", ["--quantize", "int8"])] {
                let output = try CommandRunner.run(
                    ["export", path, folder("\(file).onnx").path] + options)
                try #require(output.status == 0, "\(output.error)")
            }
            let results = try run(model, [folder("f32.onnx"), folder("int8.onnx")])
            let ours = ExportedModels.rows(model.encode(ExportedModels.sentences))
            #expect(ExportedModels.largestDifference(ours, results[0].sentences) < 1e-5)
            #expect(ExportedModels.smallestCosine(ours, results[1].sentences) > 0.95)
        }
    }
}
