import Foundation
import Testing

/// A run's folder where a model is wanted, and where another run is to go.
@Suite struct RunFolderCommandTests {
    private let folder = TemporaryFolder()
    private static let sts = [
        "--train", "Datasets/small-sts/dev.tsv", "--score-range", "0...5", "--batch-size", "64",
    ]

    private func train(_ output: String, _ more: String...) throws -> CommandRunner.Output {
        try CommandRunner.run(
            ["train", "--output", folder(output).path] + Self.sts + more)
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder(path).path).sorted()
    }

    @Test func aRunStandsForItsModel() throws {
        let start = try folder.newModel()
        try #require(try train("run", "--model", start, "--max-steps", "2").status == 0)
        let run = folder("run").path
        let whole = try CommandRunner.run(["similarity", run, "a dog", "a cat"])
        #expect(whole.status == 0)
        #expect(whole.error == "\(run): taking \(run)/model, the run's model\n")
        let next = try train("next", "--model", run, "--max-steps", "1")
        #expect(next.status == 0, "\(next.error)")
        let recipe = try String(contentsOf: folder("next/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("model: \(run)/model\n"))

        // As after Ctrl-C.
        try FileManager.default.removeItem(at: folder("run/model"))
        for path in [run, run + "/checkpoints"] {
            let cut = try CommandRunner.run(["similarity", path, "a dog", "a cat"])
            #expect(cut.out == whole.out)
            #expect(
                cut.error
                    == "\(path): taking \(run)/checkpoints/step-00000002.h5, the run's latest checkpoint, as there is no model/ yet\n"
            )
        }
        // A damaged checkpoint stands for nothing.
        let last = folder("run/checkpoints/step-00000002.h5")
        var bytes = try Data(contentsOf: last)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: last)
        #expect(try CommandRunner.run(["similarity", run, "a", "b"]).status == 1)
    }

    @Test func theBestCheckpointGoesFirst() throws {
        let start = try folder.newModel()
        let run = folder("run").path
        let output = try CommandRunner.run([
            "train", "--model", start, "--loss", "SoftmaxLoss", "--train",
            "Datasets/small-nli/test.tsv", "--dev-nli", "Datasets/small-nli/test.tsv",
            "--output", run, "--max-steps", "1",
        ])
        try #require(output.status == 0, "\(output.error)")
        let recipe = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("loss: softmax\n"), "the class's name is the loss's too")
        // The classifier is in checkpoints alone.
        let evaluated = try CommandRunner.run([
            "evaluate", run, "--nli", "Datasets/small-nli/test.tsv",
        ])
        #expect(evaluated.status == 0, "\(evaluated.error)")
        #expect(evaluated.error.contains("taking \(run)/checkpoints/best.h5, the run's best"))
    }

    @Test func mistypedPathsNameTheNearest() throws {
        _ = try folder.write("a\n", to: "sentences.txt")
        let start = try folder.newModel()
        try FileManager.default.createDirectory(
            at: folder("run-sts/model"), withIntermediateDirectories: true)
        for (arguments, message) in [
            (
                ["inspect", "run-sts/modl"],
                "run-sts/modl: no such file or folder; did you mean 'run-sts/model'?"
            ),
            (["inspect", "run-st/model"], "did you mean 'run-sts/model'?"),
            (["inspect", folder("strat.h5").path], "did you mean '\(folder("start.h5").path)'?"),
            (
                ["encode", start, "sentence.txt"],
                "there is no such file; did you mean 'sentences.txt'?"
            ),
            (["inspect", "org/name"], "download it: simile fetch org/name"),
            (["inspect", "m.gguf"], "m.gguf: no such file or folder"),
        ] {
            let output = try CommandRunner.run(arguments, in: folder.url)
            #expect(output.status == 1)
            #expect(output.error.contains(message), "\(output.error)")
        }
    }

    @Test func overwriting() throws {
        let start = try folder.newModel()
        try #require(try train("run", "--model", start, "--max-steps", "2").status == 0)
        #expect(try train("run", "--model", start, "--max-steps", "1").status == 1)
        #expect(try names("run/checkpoints") == ["step-00000002.h5"])
        // What the new run reads is not removed.
        let own = try train("run", "--model", folder("run").path, "--overwrite")
        #expect(own.status == 1)
        #expect(own.error.contains("which would be removed before the run"), "\(own.error)")
        // Nothing is removed before all is read.
        let wrong = try train("run", "--model", start, "--overwrite", "--score", "points")
        #expect(wrong.status == 1)
        #expect(try names("run/checkpoints") == ["step-00000002.h5"])

        let again = try train("run", "--model", start, "--max-steps", "1", "--overwrite")
        #expect(again.status == 0, "\(again.error)")
        #expect(try names("run/checkpoints") == ["step-00000001.h5"])
        // Anything else in it, and it is no run of ours alone.
        for path in ["run/notes.txt", "run/model/notes.txt", "run/checkpoints/old.h5"] {
            let file = try folder.write("precious", to: path)
            let output = try train("run", "--model", start, "--max-steps", "1", "--overwrite")
            #expect(output.status == 1)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
            try FileManager.default.removeItem(atPath: file)
        }
        let both = try CommandRunner.run([
            "train", "--resume", folder("run").path, "--overwrite",
        ])
        #expect(both.status == 64)
    }

    @Test func aDryRunWritesNothing() throws {
        let start = try folder.newModel()
        let before = try names("")
        let output = try train(
            "run", "--model", start, "--dev", "Datasets/small-sts/test.tsv", "--epochs", "3",
            "--dry-run")
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("a dry run: nothing was written"))
        #expect(output.out.contains("steps           6, 2 an epoch"), "\(output.out)")
        #expect(output.out.contains("evaluations     4, "), "before, and three epochs")
        for name in ["seconds a step", "minutes", "memory"] { #expect(output.out.contains(name)) }
        #expect(try names("") == before)
        let json = try train("run", "--model", start, "--dry-run", "--json", "--max-steps", "1")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
        #expect(object["event"] as? String == "rehearsed" && object["steps"] as? Int == 1)
        #expect((object["peak_memory_mb"] as? Double ?? 0) > 1)
        // What would stop the run stops this.
        #expect(try train("run", "--model", start, "--dry-run", "--score", "points").status == 1)
        #expect(try train("start.h5/run", "--model", start, "--dry-run").status == 1)

        let texts = try CommandRunner.run([
            "pretrain", "--texts", "Datasets/small-sts/dev.tsv", "--output", folder("run").path,
            "--vocabulary-size", "300", "--hidden-size", "16", "--layers", "1", "--heads", "1",
            "--max-steps", "2", "--columns", "sentence1", "--dry-run",
        ])
        #expect(texts.status == 0, "\(texts.error)")
        #expect(try names("") == before)
    }

    /// What is planned is near what is taken, and more than is allowed begins nothing.
    @Test func memoryIsKnownBeforehand() throws {
        let start = try folder.newModel(hiddenSize: 256, layers: 4)
        let words = ["man", "guitar", "plays", "a", "woman", "on", "street", "dog"]
        let text = (0..<120).map { words[$0 * $0 % 8] }.joined(separator: " ")
        let data = try folder.write(
            (0..<64).map { "\(text) \($0)\t\(text)\t0.5\n" }.joined(), to: "long.tsv")
        func train(_ arguments: String...) throws -> CommandRunner.Output {
            try CommandRunner.run(
                [
                    "train", "--model", start, "--train", data, "--score-range", "0...1",
                    "--batch-size",
                    "32", "--output", folder("long").path,
                ] + arguments)
        }
        let output = try train("--dry-run", "--json")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any])
        let taken = try #require(object["peak_memory_mb"] as? Double)
        let planned = try #require(object["planned_memory_mb"] as? Double)
        #expect((0.7...1.4).contains(planned / taken), "\(planned) planned, \(taken) taken")
        let refused = try train("--max-memory", "200M")
        #expect(
            refused.status == 1 && refused.error.contains("200 MB are allowed"), "\(refused.error)")
        #expect(try !names("").contains("long"))
        #expect(try train("--max-memory", "much").status == 64)
    }

    @Test func dataFromStandardInput() throws {
        let start = try folder.newModel()
        let data = try String(
            contentsOfFile: CommandRunner.repository.path + "/Datasets/small-sts/dev.tsv",
            encoding: .utf8)
        func figures(_ path: String, _ input: String?) throws -> CommandRunner.Output {
            try CommandRunner.run(
                ["evaluate", start, "--data", path, "--score-range", "0...5"], input: input)
        }
        let (file, pipe) = (try figures("Datasets/small-sts/dev.tsv", nil), try figures("-", data))
        #expect(pipe.status == 0, "\(pipe.error)")
        #expect(pipe.out == file.out)
        #expect(pipe.error.contains("standard input: "))
        let trained = try CommandRunner.run(
            [
                "train", "--model", start, "--train", "-", "--score-range", "0...5", "--max-steps",
                "2",
            ]
                + ["--output", folder("run").path], input: data)
        #expect(trained.status == 0, "\(trained.error)")
        let twice = try CommandRunner.run(
            ["train", "--model", start, "--train", "-", "--dev", "-", "--output", "o"], input: data)
        #expect(twice.status == 64)
        let encoded = try CommandRunner.run(["encode", start, "-"], input: "a dog\n")
        #expect(encoded.out == (try CommandRunner.run(["encode", start], input: "a dog\n").out))
    }

    /// A recipe and its data may lie side by side, or the recipe's paths be the working directory's.
    @Test func pathsOfARecipe() throws {
        let start = try folder.newModel()
        let data = CommandRunner.repository.appending(path: "Datasets/small-sts/dev.tsv")
        for name in ["recipes", "work"] {
            try FileManager.default.createDirectory(
                at: folder(name), withIntermediateDirectories: true)
        }
        let recipe = try folder.write(
            "model: \(start)\ntrain: pairs.tsv\ndata: {score_range: 0...5}\nmax_steps: 1\n",
            to: "recipes/r.yaml")
        func run(_ output: String) throws -> CommandRunner.Output {
            try CommandRunner.run(
                ["train", "--recipe", recipe, "--output", output], in: folder("work"))
        }
        try FileManager.default.copyItem(at: data, to: folder("recipes/pairs.tsv"))
        let beside = try run("a")
        #expect(beside.status == 0, "\(beside.error)")
        let own = try String(contentsOf: folder("work/a/recipe.yaml"), encoding: .utf8)
        #expect(own.contains("train: \(folder("recipes/pairs.tsv").path)\n"))

        try FileManager.default.copyItem(at: data, to: folder("work/pairs.tsv"))
        let two = try run("b")
        #expect(two.status == 1)
        #expect(two.error.contains("r.yaml: 'pairs.tsv' may be "), "\(two.error)")
        try FileManager.default.removeItem(at: folder("recipes/pairs.tsv"))
        #expect(try run("c").status == 0)
        // One file with two names is one file.
        try FileManager.default.createSymbolicLink(
            at: folder("recipes/pairs.tsv"), withDestinationURL: folder("work/pairs.tsv"))
        #expect(try run("d").status == 0)
    }
}
