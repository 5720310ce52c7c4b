import Foundation
import Simile
import Testing

extension Interop {
    /// The exported file in the real llama.cpp.
    @Suite(.enabled(if: Python.has("llama_cpp"), Python.missing("llama-cpp-python")))
    struct GGUFTests {
        private struct Result: Decodable {
            let ids: [[Int32]]
            let embeddings: [[Float]]
        }

        private static let script = """
            import json, sys
            import llama_cpp
            results = []
            count = int(sys.argv[1])
            for path in sys.argv[2:2 + count]:
                model = llama_cpp.Llama(
                    path, embedding=True, verbose=False, n_ctx=512, n_batch=512, n_ubatch=512)
                sentences = [s.encode() for s in sys.argv[2 + count:]]
                results.append({
                    "ids": [model.tokenize(s) for s in sentences],
                    "embeddings": [model.embed(s.decode()) for s in sentences]})
            print(json.dumps(results))
            """

        /// Cosines of our embeddings and llama.cpp's are above `limit`, and the ids are the same.
        private func check(
            _ files: [(url: URL, model: SentenceTransformer, limit: Float)], _ sentences: [String]
        ) throws {
            let results = try Python.value(
                of: Self.script, ["\(files.count)"] + files.map(\.url.path) + sentences,
                as: [Result].self)
            #expect(results.count == files.count)
            for (file, result) in zip(files, results) {
                #expect(result.ids == file.model.tokenize(sentences))
                let ours = ExportedModels.rows(file.model.encode(sentences))
                let cosine = ExportedModels.smallestCosine(ours, result.embeddings)
                #expect(cosine > file.limit, "\(file.url.lastPathComponent): \(cosine)")
            }
        }

        private static let limits: [(type: GGUFTensorType, limit: Float)] = [
            (.f32, 0.999), (.f16, 0.999), (.q8, 0.99),
        ]

        @Test func poolings() throws {
            let folder = TemporaryFolder()
            let start = try folder.newModel()
            var files: [(url: URL, model: SentenceTransformer, limit: Float)] = []
            for mode in [PoolingMode.mean, .cls, .lastToken] {
                let model = try ExportedModels.tiny(vocabularyOf: start, [mode])
                for (type, limit) in Self.limits {
                    let url = folder("\(mode.rawValue)-\(type.rawValue).gguf")
                    try model.writeGGUF(to: url, type: type)
                    files.append((url, model, limit))
                }
            }
            try check(files, ExportedModels.sentences.dropLast())
        }

        /// A vocabulary that tells capitals and accents apart.
        @Test func casedVocabulary() throws {
            let folder = TemporaryFolder()
            let tokenizer = try BertTokenizer(
                vocabulary: Vocabulary(tokens: [
                    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog", "Dog", "##s", "D", "café",
                    "cafe", "##og", ".",
                ]), configuration: .cased)
            let model = try SentenceTransformer(
                BertConfiguration(
                    vocabularySize: tokenizer.vocabularySize, hiddenSize: 32, layerCount: 1,
                    headCount: 2, intermediateSize: 32), tokenizer: tokenizer,
                source: .random(seed: 1))
            let url = folder("cased.gguf")
            try model.writeGGUF(to: url)
            try check([(url, model, 0.999)], ["Dogs dogs.", "café cafe", "Dog DOG dog"])
        }

        @Test(.enabled(if: ExportedModels.miniLM != nil, "SIMILE_MINILM names no folder"))
        func miniLM() throws {
            let folder = TemporaryFolder()
            let path = try #require(ExportedModels.miniLM)
            let model = try SentenceTransformer(path: path)
            let files = try Self.limits.map { type, limit in
                let url = folder("\(type.rawValue).gguf")
                let output = try CommandRunner.run(
                    ["export", path, url.path, "--type", type.rawValue])
                try #require(output.status == 0, "\(output.error)")
                return (url, model, limit)
            }
            try check(files, ExportedModels.sentences)
        }
    }
}
