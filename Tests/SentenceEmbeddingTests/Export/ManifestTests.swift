import Foundation
import JSON
import ModelFolders
import Testing
import Tokenization

@testable import SentenceEmbedding

/// The digests of a model's folder, and what has none.
@Suite struct ManifestTests {
    private let folder = TemporaryFolder()
    private let dense = [DenseConfiguration(inputs: 32, outputs: 8)]

    private func write() throws {
        try TinyModel.make(dense: dense).write(to: folder("model"), modelCard: "a card")
    }

    private func open() throws { _ = try SentenceTransformer(path: folder("model").path) }

    @Test func everyFileButTheCardIsListed() throws {
        try write()
        let text = try String(contentsOf: folder("model/simile-manifest.json"), encoding: .utf8)
        let manifest = try JSONValue(parsing: text.utf8)
        #expect(
            manifest["files"]?.members?.map(\.key) == [
                "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors",
                "config.json", "config_sentence_transformers.json", "model.safetensors",
                "modules.json", "sentence_bert_config.json", "special_tokens_map.json",
                "tokenizer.json", "tokenizer_config.json", "vocab.txt",
            ])
        #expect(try ModelManifest.check(folder("model")) == 12)
        try folder.write("another card", to: "model/README.md")
        try folder.write("notes", to: "model/notes.txt")
        try open()
    }

    /// A bit in the middle of each file that decides about embeddings.
    @Test(arguments: [
        "model.safetensors", "2_Dense/model.safetensors", "vocab.txt", "tokenizer.json",
        "config.json", "special_tokens_map.json",
    ])
    func aChangedFileIsRefused(_ name: String) throws {
        try write()
        var bytes = try folder.bytes(of: "model/" + name)
        bytes[bytes.count - 20] ^= 1
        try folder.write(bytes, to: "model/" + name)
        #expect(throws: (any Error).self) { try open() }
        let error = #expect(throws: ManifestError.self) {
            _ = try ModelManifest.check(folder("model"))
        }
        #expect(
            error
                == .changed(
                    path: folder.path("model/" + name),
                    manifest: folder.path("model/simile-manifest.json")))
    }

    @Test func weightsOfAnotherModelAreRefused() throws {
        try write()
        try TinyModel.make(dense: dense, seed: 2).write(to: folder("other"))
        try FileManager.default.removeItem(at: folder("model/model.safetensors"))
        try FileManager.default.copyItem(
            at: folder("other/model.safetensors"), to: folder("model/model.safetensors"))
        let error = #expect(throws: ManifestError.self) { try open() }
        #expect(error?.description.contains("if the change is meant, remove that file") == true)
        try folder.removeManifest(of: "model")
        try open()
    }

    @Test func aFileThatIsGoneIsMissed() throws {
        try write()
        try FileManager.default.removeItem(at: folder("model/tokenizer.json"))
        let error = ManifestError.missing(
            path: folder.path("model/tokenizer.json"),
            manifest: folder.path("model/simile-manifest.json"))
        #expect(throws: error) { try open() }
        #expect(throws: error) {
            _ = try SentenceTransformer.tokenizer(path: folder("model").path)
        }
    }

    @Test(arguments: [
        "", "[]", #"{"version": 2, "files": {}}"#, #"{"version": 1}"#,
        #"{"version": 1, "files": {"../x": "00"}}"#, #"{"version": 1, "files": {"/etc": "00"}}"#,
        #"{"version": 1, "files": {"config.json": 7}}"#,
    ])
    func aManifestThatIsNoneIsRefused(_ text: String) throws {
        try write()
        try folder.write(text, to: "model/simile-manifest.json")
        let error = #expect(throws: ManifestError.self) { try open() }
        #expect(error?.description.contains("or remove this file") == true)
    }

    /// What is cut off `vocab.txt` would be spelt in other tokens, and nothing would tell.
    @Test func aVocabularyThatWasCutIsRefused() throws {
        try write()
        try folder.removeManifest(of: "model")
        try FileManager.default.removeItem(at: folder("model/tokenizer.json"))
        try open()
        let words = try String(contentsOf: folder("model/vocab.txt"), encoding: .utf8)
            .split(separator: "\n")
        try folder.write(
            words.dropLast().joined(separator: "\n") + "\n", to: "model/vocab.txt")
        #expect(
            throws: ModelError.vocabularyTooSmall(
                path: folder("model").path, tokens: words.count - 1, rows: words.count)
        ) { try open() }
    }
}
