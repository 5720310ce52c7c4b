import Foundation
import Simile
import Testing

extension Interop {
    /// Folders that sentence-transformers writes: what they say beyond weights has its meaning here too.
    @Suite(
        .enabled(
            if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
    struct FolderTests {
        /// A model made there, and what it gives.
        struct Case: Decodable {
            let name: String
            let prompt: String?
            let text: String?
            let embeddings: [[Float]]
        }

        private static let sentences = [
            "the dog sleeps", "a cat", "the red man runs in the night : a nightshade", "dogs", "",
            Array(repeating: "the night", count: 30).joined(separator: " "),
        ]

        private static let start = """
            import json, sys, torch
            from transformers import BertConfig, BertModel, BertTokenizer
            from sentence_transformers import SentenceTransformer
            from sentence_transformers.base.modules import Dense, Normalize, Transformer
            from sentence_transformers.sentence_transformer.modules import Dropout, Pooling
            root, sentences = sys.argv[1], sys.argv[2:]
            words = "[PAD] [UNK] [CLS] [SEP] [MASK] the a dog cat man sleeps runs query passage : ##s in red night ##shade".split()
            def encoder(activation="gelu"):
                torch.manual_seed(0)
                folder = f"{root}/bert-{activation}"
                model = BertModel(BertConfig(
                    vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                    intermediate_size=48, max_position_embeddings=40, hidden_act=activation))
                for parameter in model.parameters():
                    if parameter.dim() > 1: torch.nn.init.normal_(parameter, std=0.15)
                model.save_pretrained(folder)
                BertTokenizer({word: id for id, word in enumerate(words)}).save_pretrained(folder)
                return Transformer(folder)
            def save(name, *modules, **settings):
                torch.manual_seed(1)
                SentenceTransformer(modules=list(modules), device="cpu", **settings).save(f"{root}/{name}")
                return SentenceTransformer(f"{root}/{name}", device="cpu")
            cases = []
            def add(name, model, prompt=None, text=None):
                embeddings = model.encode(sentences, prompt_name=prompt, prompt=text).tolist()
                cases.append({"name": name, "prompt": prompt, "text": text, "embeddings": embeddings})
            """

        /// Compares each case with the folder, and with the folder after a checkpoint and an export.
        private func compare(_ script: String) throws {
            let folder = TemporaryFolder()
            let cases = try Python.value(
                of: Self.start + "\n" + script + "\nprint(json.dumps(cases))",
                [folder.url.path] + Self.sentences, as: [Case].self)
            #expect(!cases.isEmpty)
            for item in cases {
                let read = try SentenceTransformer(path: folder(item.name).path)
                try Checkpoint.write(read, to: folder("x.h5"))
                let checkpoint = try SentenceTransformer(path: folder("x.h5").path)
                let target = folder("\(item.name)-again-\(UUID().uuidString)")
                try checkpoint.write(to: target)
                for model in [read, try SentenceTransformer(path: target.path)] {
                    if let prompt = item.prompt {
                        try model.setPrompt(model.settings.prompt(named: prompt))
                    }
                    if let text = item.text { try model.setPrompt(text) }
                    let ours = ExportedModels.rows(model.encode(Self.sentences))
                    let difference = ExportedModels.largestDifference(ours, item.embeddings)
                    #expect(difference < 1e-5, "\(item)")
                }
            }
        }

        @Test func activations() throws {
            let names = HiddenActivation.allCases.map { "\"\($0.rawValue)\"" }
            try compare(
                """
                for name in [\(names.joined(separator: ", "))]:
                    add(name, save(name, encoder(name), Pooling(32, "mean")))
                """)
        }

        @Test func modules() throws {
            try compare(
                """
                add("m", save("m", encoder(), Pooling(32, "mean"), Dropout(0.3), Normalize(),
                    Dense(32, 16), Normalize(), Dropout(0.1)))
                """)
        }

        /// Prompts by name, by default and as text, pooled and not, in every mode and all together.
        @Test func prompts() throws {
            let modes = PoolingMode.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            try compare(
                """
                prompts = {"query": "query : ", "passage": "passage : the ", "none": ""}
                for mode in [\(modes), (\(modes))]:
                    for pooled in [True, False]:
                        name = f"p-{len(cases)}"
                        model = save(name, encoder(), Pooling(32, mode, include_prompt=pooled),
                            prompts=prompts, default_prompt_name="passage", similarity_fn_name="dot")
                        add(name, model)
                        add(name, model, prompt="query")
                        add(name, model, prompt="none")
                        add(name, model, text="in the ")
                """)
        }

        /// The ids of a vocabulary with a blank line and tokens that are there twice, and of tokens added to one.
        @Test func vocabularies() throws {
            let folder = TemporaryFolder()
            struct Result: Decodable {
                let odd: [[Int32]]
                let added: [[Int32]]
                let exported: [[Int32]]
            }
            let start = try folder.newModel()
            let model = try SentenceTransformer(path: start)
            let words = model.tokenizer.vocabulary.tokens
            let tokens = ["COVID-19", "nightshade", "red man", "dogcat", "\u{E9}!"]
            let (larger, report) = try model.addingTokens(tokens)
            #expect(report.added == tokens)
            try larger.write(to: folder("larger"))
            let texts = [
                "a covid-19 nightshade", "the Red man dogcat dogcats", "\u{E9}! covid-19\u{E9}!",
                "red  man", "the dog",
            ]
            let odd =
                words.prefix(10) + ["", "the"] + words.dropFirst(10) + ["dog", "a", "", "dog"]
            try FileManager.default.createDirectory(
                at: folder("odd"), withIntermediateDirectories: false)
            _ = try folder.write(odd.joined(separator: "\n") + "\n", to: "odd/vocab.txt")
            _ = try folder.write(words.joined(separator: "\n") + "\n", to: "vocab.txt")
            let script = """
                import json, sys
                from transformers import AutoTokenizer, BertTokenizer
                root, tokens, texts = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
                def ids(tokenizer): return [tokenizer(text)["input_ids"] for text in texts]
                added = BertTokenizer(root + "/vocab.txt")
                added.add_tokens(tokens)
                print(json.dumps({
                    "odd": ids(BertTokenizer(root + "/odd/vocab.txt")), "added": ids(added),
                    "exported": ids(AutoTokenizer.from_pretrained(root + "/larger"))}))
                """
            func json(_ list: [String]) throws -> String {
                String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
            }
            let result = try Python.value(
                of: script, [folder.url.path, json(tokens), json(texts)], as: Result.self)
            #expect(result.added == larger.tokenize(texts))
            #expect(result.exported == larger.tokenize(texts))
            let tokenizer = try BertTokenizer(folder: folder("odd"))
            #expect(result.odd == texts.map { tokenizer.encode($0, maxLength: 64) })
        }
    }
}
