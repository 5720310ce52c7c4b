import Foundation
import JSON
import Simile
import TestSupport
import Testing

/// `simile pretrain`, and recipes for texts without labels.
@Suite struct PretrainCommandTests {
    private static let columns = ["--columns", "sentence1", "--columns", "sentence2"]
    private static let texts =
        ["--texts", "Datasets/small-sts/train.tsv", "--held-out", "Datasets/small-sts/dev.tsv"]
        + columns
    private static let shape = [
        "--vocabulary-size", "600", "--hidden-size", "32", "--layers", "1", "--heads", "2",
        "--max-seq-length", "48",
    ]
    private static let steps = ["--batch-size", "16", "--learning-rate", "3e-3"]

    private func results(_ url: URL) throws -> JSONValue {
        try JSONValue(parsing: Data(contentsOf: url))
    }

    private func run(_ arguments: [String]) throws {
        let output = try CommandRunner.run(arguments)
        try #require(output.status == 0, "\(output.error)")
    }

    @Test func fromScratchAndOn() throws {
        let folder = TemporaryFolder()
        try run(
            ["pretrain", "--output", folder("a").path, "--epochs", "3", "--whole-word"]
                + Self.texts + Self.shape + Self.steps)
        let first = try results(folder("a/results.json"))
        let perplexity = try #require(first["dev_held_out_perplexity"]?.double)
        let before = try #require(first["before"]?["dev_held_out_perplexity"]?.double)
        #expect(before > 400 && before < 800, "\(before)")
        #expect(perplexity < 0.7 * before && perplexity > 1, "\(perplexity)")
        let recipe = try String(contentsOf: folder("a/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("name: mlm") && recipe.contains("whole_word: true"), "\(recipe)")

        // The model by itself has the same figure, from its folder and from a checkpoint.
        for model in ["a/model", "a/checkpoints/best.h5"] {
            let output = try CommandRunner.run(
                [
                    "evaluate", folder(model).path, "--kind", "perplexity", "--json", "--data",
                    "Datasets/small-sts/dev.tsv",
                ] + Self.columns)
            let figures = try JSONValue(parsing: Data(output.out.utf8))
            let found = try #require(figures["perplexity"]?.double, "\(output.error)")
            // Single pieces are hidden here, and not whole words.
            #expect(found > 1 && found < before)
        }

        // Going on begins where the first run ended.
        try run(
            [
                "pretrain", "--model", folder("a/model").path, "--output", folder("b").path,
                "--epochs", "1", "--whole-word", "--max-steps", "1",
            ] + Self.texts + Self.steps)
        let second = try results(folder("b/results.json"))
        let start = try #require(second["before"]?["dev_held_out_perplexity"]?.double)
        #expect(abs(start - perplexity) < 1e-4 * perplexity)

        // Fine-tuning leaves the head behind.
        try run([
            "train", "--model", folder("a/model").path, "--output", folder("c").path, "--train",
            "Datasets/small-sts/train.tsv", "--score-range", "0...5", "--loss", "cosent",
            "--max-steps", "2",
        ])
        #expect(try SentenceTransformer(path: folder("a/model").path).languageModelHead != nil)
        #expect(try SentenceTransformer(path: folder("c/model").path).languageModelHead == nil)
    }

    @Test func aRunThatIsStoppedGoesOnToTheSameModel() throws {
        let folder = TemporaryFolder()
        let arguments =
            ["pretrain", "--epochs", "1", "--save-every", "10"] + Self.texts + Self.shape
            + Self.steps
        try run(arguments + ["--output", folder("whole").path])
        try run(arguments + ["--output", folder("cut").path])
        // As if it had been cut short after its first checkpoint, before there was a model.
        let checkpoints = folder("cut/checkpoints")
        let left = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
        for name in left {
            try FileManager.default.removeItem(at: checkpoints.appending(path: name))
        }
        try run(["train", "--resume", folder("cut").path])
        for name in ["model/model.safetensors", "results.json"] {
            #expect(
                try contentsWithoutTimes(folder("whole/\(name)"))
                    == contentsWithoutTimes(folder("cut/\(name)"))
                    .replacing(folder("cut").path, with: folder("whole").path), "\(name)")
        }
        let again = try CommandRunner.run(arguments + ["--output", folder("cut").path])
        #expect(again.status == 1 && again.error.contains("exists and is not empty"))
    }

    @Test(arguments: ["denoising_auto_encoder", "multiple_negatives_ranking"])
    func textsWithoutLabels(_ loss: String) throws {
        let folder = TemporaryFolder()
        let sentences = TemporaryFolder()
        let lines = try String(
            contentsOfFile: "\(CommandRunner.repository.path)/Datasets/small-sts/train.tsv",
            encoding: .utf8
        ).split(separator: "\n").dropFirst().prefix(64).map { $0.split(separator: "\t")[0] }
        try Data(lines.joined(separator: "\n").utf8).write(to: sentences("texts.txt"))
        let name = loss == "denoising_auto_encoder" ? "tsdae" : "simcse"
        try run([
            "train", "--recipe", "Experiments/unlabelled/\(name).yaml", "--model",
            folder.newModel(), "--train", sentences("texts.txt").path, "--dev",
            "Datasets/small-sts/dev.tsv", "--dev-score-range", "0...5", "--output",
            folder("run").path, "--max-seq-length", "48",
        ])
        let results = try results(folder("run/results.json"))
        #expect(results["dev_spearman_cosine"]?.double != nil)
        let recipe = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("name: \(loss)"))
    }

    @Test(arguments: [
        (["--mlm-probability", "2"], "--mlm-probability is 2; expected"),
        (["--layers", "0"], "--layers is 0; expected 1...1000"),
        (["--max-seq-length", "2"], "max-seq-length is 2"),
    ])
    func whatIsWrongIsNamed(_ arguments: [String], _ message: String) throws {
        let folder = TemporaryFolder()
        let output = try CommandRunner.run(
            ["pretrain", "--texts", "Datasets/small-sts/train.tsv", "--output", folder("a").path]
                + arguments)
        #expect(output.status != 0 && output.error.contains(message), "\(output.error)")
        #expect(!FileManager.default.fileExists(atPath: folder("a/start.h5").path))
    }
}
