import Foundation
import Simile
import Testing

extension Interop {
    /// The exported folder in the real sentence-transformers.
    @Suite(
        .enabled(
            if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
    struct SentenceTransformersTests {
        private static let sentences = [
            "the dog runs", "a", "", "nothing is known of the words grfx and qwv",
            "the weather is nice",
        ]

        /// Every weight is used, none is made up, and the embeddings are ours.
        @Test func loadsTheFolder() throws {
            let folder = TemporaryFolder()
            let exported = folder("model").path
            #expect(
                try CommandRunner.run(["export", try folder.newModel(), exported]).status == 0)
            struct Result: Decodable {
                let missing: [String]
                let unexpected: [String]
                let maxLength: Int
                let embeddings: [[Float]]
            }
            let script = """
                import json, sys
                from transformers import AutoModel
                from sentence_transformers import SentenceTransformer
                _, info = AutoModel.from_pretrained(sys.argv[1], output_loading_info=True)
                model = SentenceTransformer(sys.argv[1], device="cpu")
                print(json.dumps({
                    "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"]),
                    "maxLength": model.max_seq_length,
                    "embeddings": model.encode(sys.argv[2:]).tolist()}))
                """
            let result = try Python.value(
                of: script, [exported] + Self.sentences, as: Result.self)
            #expect(result.unexpected == [])
            #expect(result.missing.allSatisfy { $0.hasPrefix("pooler.") }, "\(result.missing)")
            #expect(result.maxLength == 64)
            let ours = try SentenceTransformer(path: exported).encode(Self.sentences).values
            #expect(zip(result.embeddings.joined(), ours).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(result.embeddings.joined().count == ours.count)
        }
    }
}
