import Foundation
import Simile
import Testing

extension Interop {
    /// Dense layers there and back.
    @Suite(
        .enabled(
            if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
    struct DenseTests {
        private static let sentences = ["the dog runs", "", "a red car", "it rains a lot today"]
        private struct Result: Decodable {
            let embeddings: [[Float]]
        }

        private func ours(_ path: String) throws -> [Float] {
            try SentenceTransformer(path: path).encode(Self.sentences).values
        }

        private func agree(_ a: [[Float]], _ b: [Float]) -> Bool {
            a.joined().count == b.count && zip(a.joined(), b).allSatisfy { abs($0 - $1) < 1e-5 }
        }

        /// A model made and saved there, with every activation, gives the same embeddings here.
        @Test(arguments: ["Tanh()", "Identity()", "ReLU()", "GELU()", "Sigmoid()"])
        func readsTheirs(_ activation: String) throws {
            let folder = TemporaryFolder()
            let plain = folder("plain").path
            #expect(try CommandRunner.run(["export", folder.newModel(), plain]).status == 0)
            let script = """
                import json, sys, torch
                from sentence_transformers import SentenceTransformer, models
                torch.manual_seed(7)
                model = SentenceTransformer(sys.argv[1], device="cpu")
                model.append(models.Dense(32, 24, activation_function=torch.nn.\(activation)))
                model.append(models.Dense(24, 10, bias=False))
                model.append(models.Normalize())
                model.save(sys.argv[2])
                print(json.dumps({"embeddings": model.encode(sys.argv[3:]).tolist()}))
                """
            let saved = folder("theirs").path
            let result = try Python.value(
                of: script, [plain, saved] + Self.sentences, as: Result.self)
            #expect(result.embeddings.first?.count == 10)
            #expect(agree(result.embeddings, try ours(saved)))

            // And through the checkpoint back to a folder.
            #expect(try CommandRunner.run(["import", saved, folder("a.h5").path]).status == 0)
            #expect(
                try CommandRunner.run(["export", folder("a.h5").path, folder("b").path]).status == 0
            )
            #expect(try ours(folder("b").path) == ours(saved))
        }

        /// An exported model loads there with every weight, and can be trained further.
        @Test func theyReadOursAndTrainOn() throws {
            let folder = TemporaryFolder()
            let model = try SentenceTransformer(path: folder.newModel())
            let withDense = try SentenceTransformer(
                model.bert.configuration, tokenizer: model.tokenizer,
                modules: [
                    .dense(DenseConfiguration(inputs: 32, outputs: 16, activation: .gelu)),
                    .dense(DenseConfiguration(inputs: 16, outputs: 8, hasBias: false)),
                    .normalize,
                ], source: .random(seed: 3))
            let exported = folder("ours")
            try withDense.write(to: exported, modelCard: ModelCard(withDense).text)
            struct Trained: Decodable {
                let modules: [String]
                let before: [[Float]]
                let after: [[Float]]
                let same: [String]
                let changed: [String: Float]
            }
            let script = """
                import json, sys, torch
                from safetensors.torch import load_file
                from sentence_transformers import SentenceTransformer, losses
                model = SentenceTransformer(sys.argv[1], device="cpu")
                sentences = sys.argv[3:]
                before = model.encode(sentences)
                # Every array of the files is the one in the model.
                state, same = model.state_dict(), []
                for folder, prefix in [("2_Dense", "2."), ("3_Dense", "3.")]:
                    for name, value in load_file(f"{sys.argv[1]}/{folder}/model.safetensors").items():
                        if torch.equal(state[prefix + name], value): same.append(prefix + name)
                old = {name: value.clone() for name, value in state.items()}
                loss = losses.CosineSimilarityLoss(model)
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
                pairs = [model.tokenize(sentences[:2]), model.tokenize(sentences[2:])]
                model.train()
                loss(pairs, torch.tensor([0.1, 0.9])).backward()
                optimizer.step()
                model.eval()
                changed = {
                    name: float((value - old[name]).abs().max())
                    for name, value in model.state_dict().items() if name[0] in "23"}
                model.save(sys.argv[2])
                print(json.dumps({
                    "modules": [type(module).__name__ for module in model],
                    "before": before.tolist(), "after": model.encode(sentences).tolist(),
                    "same": sorted(same), "changed": changed}))
                """
            let further = folder("further").path
            let result = try Python.value(
                of: script, [exported.path, further] + Self.sentences, as: Trained.self)
            #expect(
                result.modules == ["Transformer", "Pooling", "Dense", "Dense", "Normalize"])
            let names = ["2.linear.bias", "2.linear.weight", "3.linear.weight"]
            #expect(result.same == names)
            #expect(agree(result.before, withDense.encode(Self.sentences).values))
            #expect(result.changed.keys.sorted() == names)
            #expect(result.changed.values.allSatisfy { $0 > 1e-3 }, "\(result.changed)")
            #expect(agree(result.after, try ours(further)))
        }

        /// `huggingface_hub` reads the card of a run, and finds its metadata valid.
        @Test func theModelCardIsValid() throws {
            let folder = TemporaryFolder()
            let model = try SentenceTransformer(path: folder.newModel())
            var training = ModelCard.Training(
                losses: [("CosineSimilarityLoss", 40, ["a: \"b\".csv"])],
                configuration: TrainingConfiguration())
            training.results = [
                ModelCard.ResultGroup(
                    split: "dev", task: "semantic-similarity",
                    figures: [Figure("spearman_cosine", 0.5), Figure("pearson_cosine", 0.25)]),
                ModelCard.ResultGroup(
                    split: "test", task: "semantic-similarity",
                    figures: [Figure("spearman_cosine", 0.75)]),
                ModelCard.ResultGroup(
                    split: "test", task: "text-classification", figures: [Figure("accuracy", 0.5)]),
            ]
            training.baseModel = "all-MiniLM-L6-v2"
            training.datasets = ["a/b"]
            let card = ModelCard(model, training)
            let path = try folder.write(card.text, to: "README.md")
            struct Metadata: Decodable {
                struct Result: Decodable, Equatable {
                    let task: String
                    let split: String
                    let metric: String
                    let value: Double
                }
                let library: String
                let pipeline: String
                let base: String
                let tags: [String]
                let datasets: [String]
                let results: [Result]
            }
            let script = """
                import json, sys
                from huggingface_hub import ModelCard
                data = ModelCard.load(sys.argv[1]).data
                print(json.dumps({
                    "library": data.library_name, "pipeline": data.pipeline_tag,
                    "base": data.base_model, "tags": data.tags, "datasets": data.datasets,
                    "results": [
                        {"task": r.task_type, "split": r.dataset_name, "metric": r.metric_type,
                         "value": r.metric_value} for r in data.eval_results]}))
                """
            let found = try Python.value(of: script, [path], as: Metadata.self)
            #expect(found.library == "sentence-transformers")
            #expect(found.pipeline == "sentence-similarity")
            #expect(found.base == "all-MiniLM-L6-v2")
            #expect(found.tags.contains("loss:CosineSimilarityLoss"))
            #expect(found.tags.contains("dataset_size:40"))
            #expect(found.datasets == ["a/b"])
            #expect(
                found.results.map { "\($0.task) \($0.split) \($0.metric) \($0.value)" } == [
                    "semantic-similarity dev spearman_cosine 0.5",
                    "semantic-similarity dev pearson_cosine 0.25",
                    "semantic-similarity test spearman_cosine 0.75",
                    "text-classification test accuracy 0.5",
                ])
        }
    }
}
