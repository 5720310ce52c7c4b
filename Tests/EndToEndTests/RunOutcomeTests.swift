import Foundation
import Simile
import TestSupport
import Testing

/// What a run says and leaves behind when it trains little, nothing useful, or diverges.
@Suite struct RunOutcomeTests {
    private let folder: TemporaryFolder
    private let start: String

    init() throws {
        folder = TemporaryFolder()
        start = try folder.newModel()
    }

    private func train(_ output: String, _ more: [String]) throws -> CommandRunner.Output {
        try CommandRunner.run(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/dev.tsv",
                "--score-range", "0...5", "--output", folder(output).path,
            ] + more)
    }

    private func resume(_ output: String) throws -> CommandRunner.Output {
        try CommandRunner.run(["train", "--resume", folder(output).path])
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder(name), encoding: .utf8)
    }

    private func rows(_ name: String) throws -> [[String]] {
        try text(name).split(separator: "\n").map { row in
            row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder(name).path)
    }

    // MARK: - The start

    @Test func theStartIsInEveryRecord() throws {
        let dev = [
            "--dev", "Datasets/small-sts/train.tsv", "--test", "Datasets/small-sts/test.tsv",
        ]
        let run = try train("run", dev + ["--epochs", "2", "--learning-rate", "1e-3"])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("before training, dev: spearman_cosine "))
        let evaluations = try rows("run/evaluations.csv")
        #expect(evaluations[0][..<2] == ["step", "spearman_cosine"])
        #expect(evaluations.dropFirst().map(\.[0]) == ["0", "7", "14"])

        let results = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: folder("run/results.json")))
                as? [String: Any])
        let before = try #require(results["before"] as? [String: Double])
        let change = try #require(results["change"] as? [String: Double])
        #expect(before.count == 16)
        #expect(Set(change.keys) == Set(before.keys))
        let logged = try #require(Double(evaluations[1][1]))
        #expect(try abs(#require(before["dev_spearman_cosine"]) - logged) < 1e-12)
        let after = try #require(results["dev_spearman_cosine"] as? Double)
        let difference = try after - #require(before["dev_spearman_cosine"])
        #expect(abs(try #require(change["dev_spearman_cosine"]) - difference) < 1e-12)
        #expect(results["test_spearman_cosine"] as? Double != nil)
        let intervals = try #require(results["change_interval"] as? [String: [Double]])
        for name in ["dev_spearman_cosine", "test_spearman_cosine"] {
            let interval = try #require(intervals[name])
            #expect(interval.count == 2 && interval[0] <= interval[1], "\(interval)")
        }
        for key in ["seconds", "memory_peak_mib"] {
            #expect(try #require(results[key] as? Double) > 0, "\(key)")
        }
        let environment = try #require(results["environment"] as? [String: Any])
        for key in [
            "simile", "swift", "processor", "threads", "instruction_set", "kernels", "products",
        ] {
            #expect(environment[key] != nil, "\(key)")
        }
        let settings = try #require(results["settings"] as? [String: Any])
        #expect(settings["epochs"] as? Int == 2)

        let card = try text("run/model/README.md")
        #expect(card.contains("| figure | before training | value |\n|---|---|---|\n"))
        let row =
            "| dev_spearman_cosine | \(format(before["dev_spearman_cosine"])) | \(format(after)) |"
        #expect(card.contains(row), "\(card)")
        #expect(!card.contains("| test_spearman_cosine |  | "), "\(card)")
        let head = run.out.split(separator: "\n")[0].split(separator: " ").map(String.init)
        #expect(head.starts(with: ["before", "after", "change", "95"]), "\(run.out)")
        #expect(
            run.out.contains(" than before training, by test_spearman_cosine\n")
                || run.out.contains("about the same as before training, by test_spearman_cosine\n"),
            "\(run.out)")
        #expect(
            run.error.contains("simile similarity \(folder("run/model").path) "), "\(run.error)")
    }

    private func format(_ value: Double?) -> String { String(format: "%.4f", value ?? .nan) }

    /// Also by a run that goes on: what was measured before the first step is in the checkpoint.
    @Test func nothingBeatTheStart() throws {
        let message = "no evaluation on dev beat the model before training, which had "
        let more = ["--dev", "Datasets/small-sts/train.tsv", "--learning-rate", "1e-30"]
        let run = try train("run", more)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("step 7, dev (best, but no better than the start): "))
        #expect(run.error.contains(message), "\(run.error)")
        #expect(run.error.contains(", after step 7, and is in model/"))
        let (csv, json) = (
            try text("run/evaluations.csv"), try contentsWithoutTimes(folder("run/results.json"))
        )
        let resumed = try resume("run")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains(message), "\(resumed.error)")
        #expect(try text("run/evaluations.csv") == csv)
        #expect(try contentsWithoutTimes(folder("run/results.json")) == json)

        let better = try train(
            "better",
            ["--dev", "Datasets/small-sts/dev.tsv", "--learning-rate", "3e-3", "--epochs", "6"])
        #expect(better.status == 0, "\(better.error)")
        #expect(!better.error.contains(message), "\(better.error)")
    }

    /// Ended before its first checkpoint, a run starts again and measures again.
    @Test func aRunThatStartsAgainHasOneStart() throws {
        let more = ["--dev", "Datasets/small-sts/train.tsv"]
        #expect(try train("run", more).status == 0)
        let rows = try text("run/evaluations.csv")
        for name in ["step-00000007.h5", "best.h5"] {
            try FileManager.default.removeItem(at: folder("run/checkpoints/" + name))
        }
        try FileManager.default.removeItem(at: folder("run/checkpoints"))
        let again = try resume("run")
        #expect(again.status == 0, "\(again.error)")
        #expect(try text("run/evaluations.csv") == rows)
    }

    // MARK: - Evaluations without figures

    /// Two sentences in all: every pair has one score, so nothing correlates with it.
    @Test func anEvaluationBeforeTrainingThatFailsEndsNoRun() throws {
        let header = "sentence1\tsentence2\tscore\n"
        let same = try folder.write(
            header + "A dog.\tA cat.\t1\nA dog.\tA cat.\t2\n", to: "same.tsv")
        let run = try train("run", ["--dev", same])
        #expect(run.status == 0, "\(run.error)")
        #expect(
            run.error.contains(
                "before training, dev: spearman_cosine, pearson_cosine: no correlation: all values of series 1"
            ), "\(run.error)")
        #expect(exists("run/model/model.safetensors"))
        #expect(try rows("run/evaluations.csv").map(\.[0]) == ["step", "0", "7"])
        #expect(try rows("run/evaluations.csv")[1][1] == "nan")
        #expect(try text("run/results.json").contains("\"dev_spearman_cosine\": null"))
        #expect(run.out.contains(/dev_spearman_cosine +undefined\n/), "\(run.out)")

        let evaluation = try CommandRunner.run([
            "evaluate", start, "--data", same, "--score-range", "0...5",
        ])
        #expect(evaluation.status == 1)
        #expect(evaluation.out.contains("spearman_cosine     undefined"))
        #expect(evaluation.error.contains("Error: spearman_cosine, pearson_cosine: no correlation"))
    }

    // MARK: - Short runs

    @Test(arguments: [
        (["--max-steps", "1"], "is 1 of 1 steps", "; it takes 0", ["2e-05"]),
        (
            ["--max-steps", "3", "--warmup-ratio", "1"], "is 3 of 3 steps", "; it takes 2",
            ["0.0", "1e-05", "2e-05"]
        ),
    ])
    func theWarmUpIsNotAllThereIs(
        _ more: [String], _ asked: String, _ taken: String, _ rates: [String]
    ) throws {
        let run = try train("run", more)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains(asked), "\(run.error)")
        #expect(run.error.contains(taken), "\(run.error)")
        #expect(try rows("run/steps.csv").dropFirst().map(\.[2]) == rates)
        let model = try SentenceTransformer(path: start)
        let trained = try SentenceTransformer(path: folder("run/model").path)
        #expect(model.encode(["A dog runs."]).values != trained.encode(["A dog runs."]).values)
        // Others are left as they are, without a word.
        let usual = try train("usual", ["--max-steps", "2"])
        #expect(!usual.error.contains("warm-up"))
        #expect(try rows("usual/steps.csv").dropFirst().map(\.[2]) == ["0.0", "2e-05"])
    }

    @Test func everythingFrozenIsRefused() throws {
        let run = try train("run", ["--freeze", "embeddings", "--freeze", "encoder"])
        #expect(run.status == 1)
        #expect(run.error.contains("every parameter is frozen, so nothing would be trained"))
        #expect(!exists("run"))
    }

    // MARK: - Divergence

    /// The only step makes infinite weights, which no loss sees.
    @Test func weightsOfTheLastStepAreLookedAt() throws {
        let run = try train(
            "run",
            ["--max-steps", "1", "--learning-rate", "3.4e38", "--max-gradient-norm", "0"])
        #expect(run.status == 1)
        #expect(
            run.error.contains("Error: the weights after step 1 are not saved: "), "\(run.error)")
        #expect(run.error.contains("numbers are NaN or infinite"), "\(run.error)")
        #expect(run.error.contains("There was no checkpoint yet"), "\(run.error)")
        #expect(!exists("run/model"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("run/checkpoints").path)
                .isEmpty)
    }

    /// Weights of 1e30 are finite, and what is computed with them is not.
    @Test func aModelThatOverflowsIsNotDelivered() throws {
        let run = try train(
            "run", ["--max-steps", "1", "--learning-rate", "1e30", "--max-gradient-norm", "0"])
        #expect(run.status == 1)
        #expect(
            run.error.contains(
                "Error: the model after step 1 is not saved: its weights are so large ("),
            "\(run.error)")
        #expect(run.error.contains("e+30) that an embedding of "), "\(run.error)")
        #expect(!exists("run/model"))
    }

    /// The first step has learning rate 0, the second far too much.
    @Test func theCheckpointsOfADivergedRunAreNamed() throws {
        let run = try train(
            "run",
            [
                "--learning-rate", "1e30", "--max-gradient-norm", "0", "--save-every", "1",
                "--dev", "Datasets/small-sts/train.tsv", "--evaluate-every", "1",
            ])
        #expect(run.status == 1)
        let checkpoints = folder("run/checkpoints").path
        #expect(
            run.error.contains(
                "Kept, with finite weights: \(checkpoints)/best.h5 (the best, step 1) and \(checkpoints)/step-00000001.h5"
            ), "\(run.error)")
        for name in ["best.h5", "step-00000001.h5"] {
            try Checkpoint(folder("run/checkpoints/" + name)).model().parameters.requireFinite()
        }
        #expect(!exists("run/model"))
    }

    // MARK: - The folder

    /// A run that ended while it made its folder is no obstacle, whatever it had made.
    @Test func aFolderThatWasHardlyBegunIsUsed() throws {
        let unfinished = folder("run/.recipe.yaml.0123456789abcdef-4026531836.77.1f.part")
        try FileManager.default.createDirectory(
            at: folder("run"), withIntermediateDirectories: true)
        try Data("model: a".utf8).write(to: unfinished)
        let run = try train("run", ["--max-steps", "2"])
        #expect(run.status == 0, "\(run.error)")
        let precious = try train("run", ["--max-steps", "2"])
        #expect(precious.status == 1)
        #expect(precious.error.contains("exists and is not empty"))
        // It may be another machine's, and is left alone.
        #expect(FileManager.default.fileExists(atPath: unfinished.path))
    }

    /// Files beside the model would be lost with it: said before the run takes its steps.
    @Test func aModelFolderWithOtherFilesIsNoticedFirst() throws {
        #expect(try train("run", ["--max-steps", "2"]).status == 0)
        _ = try folder.write("precious", to: "run/model/notes.md")
        let resumed = try resume("run")
        #expect(resumed.status == 1)
        #expect(resumed.error.contains("model: is to be replaced, but holds notes.md"))
        #expect(!resumed.error.contains("steps an epoch"), "\(resumed.error)")
        #expect(try text("run/model/notes.md") == "precious")
    }

    @Test func aRecipeWithoutAModelIsNotAFinishedRun() throws {
        try FileManager.default.createDirectory(
            at: folder("run"), withIntermediateDirectories: true)
        _ = try folder.write("", to: "run/recipe.yaml")
        let resumed = try resume("run")
        #expect(resumed.status == 1)
        #expect(resumed.error.contains("no model is given"), "\(resumed.error)")
    }

    @Test func aLogThatCannotBeReadIsNamed() throws {
        #expect(try train("run", ["--max-steps", "2"]).status == 0)
        let log = folder("run/steps.csv")
        let bytes = try Data(contentsOf: log) + Data([0xff, 0x0a])
        try bytes.write(to: log)
        let resumed = try resume("run")
        #expect(resumed.status == 1)
        #expect(resumed.error.contains("steps.csv: is not UTF-8 text; put the file back"))
        #expect(try Data(contentsOf: log) == bytes)
    }
}
