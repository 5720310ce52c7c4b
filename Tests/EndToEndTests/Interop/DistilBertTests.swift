import Foundation
import Simile
import Testing

extension Interop {
    /// A DistilBERT of transformers, which is a BERT here.
    @Suite(
        .enabled(
            if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
    struct DistilBertTests {
        private static let sentences = ["the dog runs", "", "a red car", "it rains a lot today"]
        private struct Result: Decodable {
            let safetensors: [[Float]]
            let pytorch: [[Float]]
        }

        private func difference(_ theirs: [[Float]], _ path: String) throws -> Float {
            let ours = try SentenceTransformer(path: path).encode(Self.sentences).values
            let theirs = theirs.flatMap(\.self)
            try #require(theirs.count == ours.count)
            return zip(theirs, ours).map { abs($0 - $1) }.max() ?? .infinity
        }

        @Test func itIsTheSameModelHereAndGoesBackAsABert() throws {
            let folder = TemporaryFolder()
            let tokenizer = folder("tokenizer").path
            #expect(
                try CommandRunner.run(["export", folder.newModel(), tokenizer]).status == 0)
            let script = """
                import json, sys, torch
                from transformers import AutoTokenizer, DistilBertConfig, DistilBertForMaskedLM
                from sentence_transformers import SentenceTransformer, models
                torch.manual_seed(7)
                tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
                model = DistilBertForMaskedLM(DistilBertConfig(
                    vocab_size=len(tokenizer), dim=24, n_layers=3, n_heads=4, hidden_dim=40,
                    max_position_embeddings=48))
                for name, value in model.named_parameters():
                    torch.nn.init.normal_(value, std=0.3)
                # One folder of a masked language model, with its head; one of sentence-transformers.
                masked, sentence = sys.argv[2:4]
                model.save_pretrained(masked)
                torch.save(model.state_dict(), masked + "/pytorch_model.bin")
                tokenizer.save_pretrained(masked)
                encoder = models.Transformer(masked)
                pooling = models.Pooling(24, pooling_mode="cls")
                SentenceTransformer(modules=[encoder, pooling], device="cpu").save(sentence)
                mean = SentenceTransformer(
                    modules=[encoder, models.Pooling(24, pooling_mode="mean")], device="cpu")
                theirs = SentenceTransformer(sentence, device="cpu")
                print(json.dumps({
                    "safetensors": theirs.encode(sys.argv[4:]).tolist(),
                    "pytorch": mean.encode(sys.argv[4:]).tolist()}))
                """
            let (masked, sentence) = (folder("masked").path, folder("sentence").path)
            let result = try Python.value(
                of: script, [tokenizer, masked, sentence] + Self.sentences, as: Result.self)
            #expect(try difference(result.safetensors, sentence) < 1e-5)
            #expect(try difference(result.pytorch, masked) < 1e-5)
            try FileManager.default.removeItem(at: folder("masked/model.safetensors"))
            #expect(try difference(result.pytorch, masked) < 1e-5)

            let exported = folder("exported").path
            #expect(try CommandRunner.run(["export", sentence, exported]).status == 0)
            #expect(try difference(result.safetensors, exported) < 1e-5)
            let back = """
                import json, sys
                from sentence_transformers import SentenceTransformer
                model = SentenceTransformer(sys.argv[1], device="cpu")
                assert type(model[0].auto_model).__name__ == "BertModel"
                print(json.dumps(model.encode(sys.argv[2:]).tolist()))
                """
            let theirs = try Python.value(
                of: back, [exported] + Self.sentences, as: [[Float]].self)
            #expect(try difference(theirs, sentence) < 1e-5)
        }
    }
}
