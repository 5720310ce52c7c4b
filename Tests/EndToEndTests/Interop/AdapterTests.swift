import Foundation
import Simile
import Testing

extension Interop {
    /// Adapters that PEFT makes, and PEFT on those that are made here.
    @Suite(.enabled(if: Python.has("peft"), Python.missing("peft")))
    struct AdapterTests {
        /// Adapters made there: their folder and the embeddings with them, [CLS] vectors.
        struct Case: Decodable {
            let name: String
            let embeddings: [[Float]]
        }

        private static let texts = ["the dog sleeps", "a cat", "red man runs"]
        private static let start = """
            import json, sys, torch
            from transformers import BertConfig, BertModel, BertTokenizer
            from peft import LoraConfig, PeftModel, get_peft_model
            root, texts = sys.argv[1], sys.argv[2:]
            def embeddings(model, folder):
                tokenizer = BertTokenizer.from_pretrained(folder)
                model.eval()
                with torch.no_grad():
                    return [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0).tolist()
                        for text in texts]
            """

        @Test func theirsHere() throws {
            let script =
                Self.start + """

                    words = "[PAD] [UNK] [CLS] [SEP] [MASK] the a dog cat man sleeps runs red".split()
                    torch.manual_seed(0)
                    base = BertModel(BertConfig(
                        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=48, max_position_embeddings=40))
                    base.save_pretrained(root + "/base")
                    BertTokenizer({word: id for id, word in enumerate(words)}).save_pretrained(root + "/base")
                    cases = []
                    for index, options in enumerate([
                        {}, {"r": 4, "lora_alpha": 32, "use_rslora": True, "lora_dropout": 0.1},
                        {"target_modules": ["dense", "key"], "bias": "all"}, {"bias": "lora_only"},
                        {"target_modules": ".*layer\\\\.1.*(query|output.dense)"}, {"target_modules": "all-linear"},
                        {"task_type": None, "target_modules": ["output.dense"]},
                    ]):
                        model = BertModel.from_pretrained(root + "/base")
                        model = get_peft_model(model, LoraConfig(**{"task_type": "FEATURE_EXTRACTION", **options}))
                        for name, parameter in model.named_parameters():
                            if parameter.requires_grad and "lora_A" not in name:
                                torch.nn.init.normal_(parameter, std=0.2)
                        model.save_pretrained(f"{root}/{index}")
                        cases.append({"name": str(index), "embeddings": embeddings(model, root + "/base")})
                    print(json.dumps(cases))
                    """
            let folder = TemporaryFolder()
            let cases = try Python.value(
                of: script, [folder.url.path] + Self.texts, as: [Case].self)
            #expect(cases.count == 7)
            var base: [[Float]]?
            for item in cases {
                let model = try SentenceTransformer(path: folder(item.name).path)
                let ours = ExportedModels.rows(model.encode(Self.texts))
                let difference = ExportedModels.largestDifference(ours, item.embeddings)
                #expect(difference < 1e-5, "\(item.name): \(difference)")
                let start =
                    try base
                    ?? ExportedModels.rows(
                        SentenceTransformer(path: folder("base").path).encode(Self.texts))
                base = start
                #expect(ExportedModels.largestDifference(ours, start) > 0.01, "\(item.name)")
            }
        }

        @Test(arguments: [
            LoRAConfiguration.Bias.none, .all, .adapted,
        ])
        func oursThere(_ bias: LoRAConfiguration.Bias) throws {
            let folder = TemporaryFolder()
            let tiny = try ExportedModels.tiny(vocabularyOf: folder.newModel(), [.mean])
            try tiny.write(to: folder("base"))
            for targets in [["query", "key", "value"], ["dense", "query", "key", "value"]] {
                let model = try SentenceTransformer(path: folder("base").path)
                var configuration = LoRAConfiguration()
                configuration.alpha = 12
                configuration.usesRankStabilization = bias == .all
                configuration.targetModules = targets
                configuration.bias = bias
                try model.addAdapters(configuration, base: folder("base").path, seed: 1)
                for parameter in model.adapters?.trained ?? [] {
                    for part in parameter.parts {
                        parameter.setValues(of: part) { values in
                            for i in values.indices { values[i] += Float((i * 7) % 11 - 5) / 50 }
                        }
                    }
                }
                let adapter = folder("adapter\(targets.count)")
                try model.writeAdapters(to: adapter)
                let theirs = try Python.value(
                    of: Self.start + """

                        import warnings
                        warnings.simplefilter("error", UserWarning)
                        base = BertModel.from_pretrained(root + "/base")
                        model = PeftModel.from_pretrained(base, root + sys.argv.pop())
                        texts.pop()
                        print(json.dumps(embeddings(model, root + "/base")))
                        """, [folder.url.path] + Self.texts + ["/" + adapter.lastPathComponent],
                    as: [[Float]].self)
                let ours = ExportedModels.rows(model.encode(Self.texts))
                let difference = ExportedModels.largestDifference(ours, theirs)
                #expect(difference < 1e-5, "\(targets): \(difference)")
            }
        }
    }
}
