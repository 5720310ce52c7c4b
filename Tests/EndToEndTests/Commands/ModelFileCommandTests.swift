import Foundation
import Testing

/// What commands make of the files of a model: prompts, similarity, tokens to add, oddities.
@Suite struct ModelFileCommandTests {
    private let folder = TemporaryFolder()

    /// A folder with these settings, made from scratch.
    private func model(_ settings: String) throws -> String {
        let start = try folder.newModel()
        try #require(try CommandRunner.run(["export", start, folder("m").path]).status == 0)
        try folder.removeManifest(of: "m")
        try Data(settings.utf8).write(to: folder("m/config_sentence_transformers.json"))
        return folder("m").path
    }

    private func embeddings(_ arguments: [String], _ sentences: [String]) throws -> [[Float]] {
        let output = try CommandRunner.run(
            ["encode"] + arguments, input: sentences.map { $0 + "\n" }.joined())
        try #require(output.status == 0, "\(output.error)")
        return try output.out.split(separator: "\n").map {
            try JSONDecoder().decode([Float].self, from: Data($0.utf8))
        }
    }

    private static let settings =
        #"{"prompts":{"query":"a dog ","none":""},"default_prompt_name":"query","similarity_fn_name":"euclidean","other":{"b":1,"a":2}}"#

    @Test func prompts() throws {
        let model = try model(Self.settings)
        let sentences = ["the man runs", "a red car"]
        let longer = sentences.map { "a dog " + $0 }
        let none = ["--prompt-text", ""]
        let expected = try embeddings([model] + none, longer)
        #expect(try embeddings([model], sentences) == expected)
        #expect(try embeddings([model, "--prompt", "query"], sentences) == expected)
        #expect(try embeddings([model, "--prompt-text", "a dog "], sentences) == expected)
        #expect(
            try embeddings([model, "--prompt", "none"], longer) == expected)
        let unknown = try CommandRunner.run(["encode", model, "--prompt", "passage"], input: "a\n")
        #expect(unknown.status == 1)
        #expect(
            unknown.error.contains("there is no prompt 'passage'; the model has 'query', 'none'"))
        let both = try CommandRunner.run([
            "encode", model, "--prompt", "query", "--prompt-text", "x",
        ])
        #expect(both.status == 64)
        #expect(both.error.contains("give --prompt or --prompt-text, not both"))

        let inspect = try CommandRunner.run(["inspect", model])
        #expect(inspect.out.contains("similarity       euclidean\n"))
        #expect(inspect.out.contains("prompt           query: 'a dog ', the default\n"))
        #expect(inspect.out.contains("prompt           none: ''\n"))
        let onnx = try CommandRunner.run(["export", model, folder("m.onnx").path])
        #expect(onnx.error.contains("the default prompt 'a dog ' is not part of the file"))
    }

    /// The distance is the model's own similarity here, in every command that compares.
    @Test func theModelsSimilarity() throws {
        let model = try model(Self.settings)
        let own = try CommandRunner.run(["similarity", model, "a dog", "a dog", "the man"])
        #expect(own.status == 0)
        let rows = own.out.split(separator: "\n")
        #expect(rows[1].hasPrefix("euclidean"))
        #expect(rows[2].hasPrefix("  -0.0000"))
        struct Result: Decodable { let similarities: [[String: Value]] }
        enum Value: Decodable {
            case number(Double)
            case text(String)
            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let number = try? value.decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .text(try value.decode(String.self))
                }
            }
        }
        let dot = try CommandRunner.run([
            "similarity", model, "a dog", "the man", "--function", "dot", "--json",
        ])
        let result = try JSONDecoder().decode(Result.self, from: Data(dot.out.utf8))
        #expect(result.similarities[0].keys.sorted() == ["dot", "index", "sentence"])
        let data = ["--data", "Datasets/small-sts/dev.tsv", "--score-range", "0...5"]
        let evaluate = try CommandRunner.run(
            ["evaluate", model, "--csv", folder("pairs.csv").path] + data)
        #expect(evaluate.out.hasPrefix("spearman_euclidean"))
        let csv = try String(contentsOf: folder("pairs.csv"), encoding: .utf8)
        #expect(csv.hasPrefix("sentence1,sentence2,gold,euclidean\n"))
        let other = try CommandRunner.run(["evaluate", model, "--prompt", "none"] + data)
        #expect(other.out != evaluate.out)
    }

    /// Nothing of the base model's settings is lost in training, and prompt and tokens are part of the recipe.
    @Test func trainingKeepsAndUsesThem() throws {
        let model = try model(Self.settings)
        let tokens = try folder.write(
            "quarkonium\n\n  a \nquarkonium\nCOVID-19\r\n", to: "new.txt")
        let arguments = [
            "train", "--model", model, "--train", "Datasets/small-sts/dev.tsv", "--dev",
            "Datasets/small-sts/dev.tsv", "--score-range", "0...5", "--batch-size", "64",
            "--prompt", "none", "--add-tokens", tokens, "--output", folder("run").path,
        ]
        let output = try CommandRunner.run(arguments)
        try #require(output.status == 0, "\(output.error)")
        #expect(output.error.contains("new.txt: 2 tokens added, with the ids "))
        #expect(output.error.contains("new.txt: in the vocabulary already: 'a'"))
        #expect(output.error.contains("new.txt: given more than once: 'quarkonium'"))
        let recipe = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("prompt: none\n"))
        #expect(recipe.contains("add_tokens: \(tokens)\n"))
        let settings = try String(
            contentsOf: folder("run/model/config_sentence_transformers.json"), encoding: .utf8)
        #expect(
            settings.filter { !$0.isWhitespace } == Self.settings.filter { !$0.isWhitespace })
        let evaluations = try String(
            contentsOf: folder("run/evaluations.csv"), encoding: .utf8)
        #expect(evaluations.hasPrefix("step,spearman_euclidean,"))

        func tokenize(_ path: String) throws -> String {
            try CommandRunner.run(
                ["tokenize", path, "--tokens"], input: "Quarkonium and covid-19s\n"
            ).out
        }
        let own = try tokenize(folder("run/model").path)
        #expect(own.contains(#""quarkonium","and","COVID-19","s"#))
        #expect(try tokenize(folder("run/checkpoints/best.h5").path) == own)
        // A run that goes on has the tokens in its checkpoint.
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(!resumed.error.contains("tokens added"))
        #expect(try tokenize(folder("run/model").path) == own)
    }

    @Test func newModelsTakeTokensToo() throws {
        let tokens = try folder.write("quarkonium\n", to: "new.txt")
        let path = folder("new.h5").path
        let output = try CommandRunner.run([
            "new", path, "--texts", "Datasets/small-sts/train.tsv", "--vocabulary-size", "600",
            "--hidden-size", "32", "--layers", "1", "--heads", "2", "--add-tokens", tokens,
        ])
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("new.txt: 1 tokens added, with the ids 600...600"))
        let ids = try CommandRunner.run(["tokenize", path], input: "quarkonium\n")
        #expect(ids.out == "{\"ids\":[2,600,3]}\n")
        let empty = try folder.write("\n \n", to: "empty.txt")
        for (file, message) in [
            (empty, "empty.txt: holds no token; expected one a line"),
            ("nowhere.txt", "nowhere.txt: cannot be read: No such file or directory"),
            (
                try folder.write("a\n\u{301}\n", to: "none.txt"),
                "the tokenizer reads it as no text"
            ),
        ] {
            let output = try CommandRunner.run([
                "new", path, "--texts", "Datasets/small-sts/train.tsv", "--add-tokens", file,
            ])
            #expect(output.status == 1)
            #expect(output.error.contains(message), "\(output.error)")
        }
    }

    /// Both ways to ids are one: `tokenize` and `encode` lower-case where the folder asks for it.
    @Test func tokenizeObeysTheFolder() throws {
        let model = try model("{}")
        for (file, old, new) in [
            ("tokenizer.json", "\"lowercase\": true", "\"lowercase\": false"),
            ("tokenizer_config.json", "\"do_lower_case\": true", "\"do_lower_case\": false"),
            ("sentence_bert_config.json", "\"do_lower_case\": false", "\"do_lower_case\": true"),
        ] {
            let url = folder("m/\(file)")
            let text = try String(contentsOf: url, encoding: .utf8)
            try #require(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: url)
        }
        let line = "The Train is LATE\n"
        let output = try CommandRunner.run(["tokenize", model, "--tokens"], input: line)
        let lower = try CommandRunner.run(
            ["tokenize", model, "--tokens"], input: line.lowercased())
        #expect(output.status == 0 && output.out == lower.out)
        #expect(!output.out.contains("[UNK]"))
        try #require(
            try CommandRunner.run(["import", model, folder("m.h5").path]).status == 0)
        #expect(
            try CommandRunner.run(["tokenize", folder("m.h5").path, "--tokens"], input: line).out
                == output.out)
    }

    @Test func emptySentencesAreNoted() throws {
        let start = try folder.newModel()
        let encoded = try CommandRunner.run(
            ["encode", start], input: "a\n\u{A0}\n\u{200B}\n\nb\n")
        #expect(encoded.status == 0)
        #expect(
            encoded.error
                == "3 of the sentences are empty: there is no token in them, and their embeddings say nothing\n"
        )
        let similarity = try CommandRunner.run(["similarity", start, "a", "\u{FEFF}", "b"])
        #expect(similarity.status == 0)
        #expect(similarity.error == "sentence 1 is empty: there is no token in it\n")
    }

    @Test func odditiesAreNoted() throws {
        let model = try model("{}")
        try FileManager.default.removeItem(at: folder("m/tokenizer.json"))
        let url = folder("m/vocab.txt")
        let text = try String(contentsOf: url, encoding: .utf8)
        try Data(text.replacing("\nb\n", with: "\n\n").utf8).write(to: url)
        for command in [
            ["inspect", model], ["tokenize", model], ["similarity", model, "a", "c"],
        ] {
            let output = try CommandRunner.run(command)
            #expect(output.status == 0)
            #expect(
                output.error.contains(
                    "\(model): ids without a token, as from blank lines, keep their places: "),
                "\(output.error)")
        }
    }
}
