import Foundation
import Kernels
import Simile
import TestSupport
import Testing

/// Runs that ended in all sorts of ways, and what `--resume` makes of them.
@Suite struct ResumeTests {
    private static let sts = [
        "--train", "Datasets/small-sts/dev.tsv", "--score-range", "0...5",
    ]

    private func train(
        _ folder: TemporaryFolder, _ output: String, _ more: [String] = [],
        learningRate: String = "1e-3", environment: [String: String] = [:]
    ) throws {
        let run = try CommandRunner.run(
            ["train", "--model", try folder.newModel(), "--output", folder(output).path] + Self.sts
                + ["--learning-rate", learningRate] + more, environment: environment)
        try #require(run.status == 0, "\(run.error)")
    }

    private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

    @Test func aRunThatEndedBeforeItsFirstCheckpointStartsAgain() throws {
        let folder = TemporaryFolder()
        try train(folder, "run")
        let (steps, weights) = (folder("run/steps.csv"), folder("run/model/model.safetensors"))
        let (stepsBefore, weightsBefore) = (
            try contentsWithoutTimes(steps), try Data(contentsOf: weights)
        )
        try FileManager.default.removeItem(at: folder("run/checkpoints/step-00000007.h5"))
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains("no checkpoint yet; starting again with its recipe.yaml"))
        #expect(try contentsWithoutTimes(steps) == stepsBefore)
        #expect(try Data(contentsOf: weights) == weightsBefore)
    }

    @Test func aDamagedCheckpointIsPassedOver() throws {
        let folder = TemporaryFolder()
        try train(folder, "run", ["--save-every", "3", "--keep-last", "2"])
        let last = folder("run/checkpoints/step-00000007.h5")
        let whole = try Data(contentsOf: last)
        var damaged = whole
        damaged[whole.count / 2] ^= 1
        try damaged.write(to: last)
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains("\(last.path): damaged: "))
        #expect(resumed.error.contains("trying the one before"))
        #expect(resumed.error.contains("step-00000006.h5: going on after step 6"))
        #expect(try Data(contentsOf: last) == whole)
        let aside = folder("run/checkpoints/damaged-step-00000007.h5")
        #expect(try Data(contentsOf: aside) == damaged)
    }

    @Test(
        .enabled(
            if: GEMM.Engine.preferred == .own,
            "skipped: with a BLAS library the last bits depend on how a product is cut"))
    func theNumberOfThreadsChangesNothing() throws {
        let folder = TemporaryFolder()
        for threads in ["1", "3"] {
            try train(folder, threads, environment: ["SIMILE_THREADS": threads])
        }
        let weights = try ["1", "3"].map {
            try Data(contentsOf: folder("\($0)/model/model.safetensors"))
        }
        #expect(weights[0] == weights[1])
    }

    @Test func otherSettingsAreRefused() throws {
        let folder = TemporaryFolder()
        try train(folder, "run")
        let resume = ["train", "--resume", folder("run").path]
        let changed = try CommandRunner.run(
            resume + ["--epochs", "3", "--where", "score=1", "--freeze", "embeddings"])
        #expect(changed.status == 64)
        #expect(changed.error.contains("the options change data, freeze, epochs: leave them out"))
        let same = try CommandRunner.run(resume + ["--epochs", "1", "--learning-rate", "0.001"])
        #expect(same.status == 0, "\(same.error)")
    }

    @Test func aRunOutOfPatienceTakesNoMoreSteps() throws {
        let folder = TemporaryFolder()
        // At this rate no evaluation beats the first.
        let more = ["--dev", "Datasets/small-sts/train.tsv", "--patience", "1"]
        try train(folder, "run", more + ["--evaluate-every", "1"], learningRate: "1e-30")
        let steps = try text(folder("run/steps.csv"))
        #expect(steps.split(separator: "\n").count == 1 + 2)
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try text(folder("run/steps.csv")) == steps)
    }

    @Test func aFinalEvaluationThatFailsLeavesTheModel() throws {
        let folder = TemporaryFolder()
        let header = "sentence1\tsentence2\tscore\n"
        let test = try folder.write(
            header + "A dog.\tA cat.\t1\nA dog.\tA cat.\t2\n", to: "test.tsv")
        try train(folder, "run", ["--test", test])
        #expect(FileManager.default.fileExists(atPath: folder("run/model/model.safetensors").path))
        #expect(try text(folder("run/results.json")).contains("\"steps\": 7"))
    }

    @Test func parallelFilesAreFoundFromElsewhere() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        for (name, line) in [
            ("a", "A dog runs."), ("b", "An animal moves."), ("c", "entailment"),
        ] { _ = try folder.write(String(repeating: line + "\n", count: 4), to: name) }
        let run = try CommandRunner.run(
            [
                "train", "--model", start, "--loss", "softmax", "--train", "a,b,c", "--output",
                "run",
            ],
            in: folder.url)
        try #require(run.status == 0, "\(run.error)")
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")
    }
}
