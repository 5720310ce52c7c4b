import Foundation
import Kernels
import Simile
import TestSupport
import Testing

/// `simile train` from files to files.
@Suite struct TrainCommandTests {
    private static let sts = ["--train", "Datasets/small-sts/train.tsv", "--score-range", "0...5"]

    /// The numbers of a `results.json` that are not inside another key.
    private func results(_ url: URL) throws -> [String: Double] {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        return try #require(object as? [String: Any]).compactMapValues { $0 as? Double }
    }

    private func weights(_ path: URL) throws -> [String: [UInt32]] {
        let model = try Checkpoint(path).model()
        var bits: [String: [UInt32]] = [:]
        for parameter in model.parameters {
            bits[parameter.name] = parameter.tensor.values.map(\.bitPattern)
        }
        return bits
    }

    @Test func bothStages() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let nli = try CommandRunner.run([
            "train", "--recipe", "Experiments/from-scratch/1-nli.yaml", "--model", start,
            "--output",
            folder("nli").path,
            "--epochs", "1",
        ])
        #expect(nli.status == 0, "\(nli.error)")
        let results = try results(folder("nli/results.json"))
        #expect(try #require(results["test_accuracy"]) > 0.2)

        let sts = try CommandRunner.run([
            "train", "--recipe", "Experiments/from-scratch/2-sts.yaml", "--model",
            folder("nli/model").path, "--output",
            folder("sts").path, "--epochs", "2", "--json",
        ])
        #expect(sts.status == 0, "\(sts.error)")
        for line in sts.out.split(separator: "\n") {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
        }
        #expect(sts.out.contains("\"event\":\"finished\""))
        for file in [
            "recipe.yaml", "steps.csv", "evaluations.csv", "results.json", "checkpoints/best.h5",
            "model/modules.json",
            "model/model.safetensors", "model/README.md", "model/tokenizer.json",
            "model/1_Pooling/config.json",
        ] {
            #expect(FileManager.default.fileExists(atPath: folder("sts/\(file)").path), "\(file)")
        }
        let recipe = try String(contentsOf: folder("sts/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("\nlayer_decay: 1.0\nweight_decay: 0.01\n"))
        let steps = try String(contentsOf: folder("sts/steps.csv"), encoding: .utf8).split(
            separator: "\n")
        #expect(steps.count == 1 + 50)
        let evaluation = try CommandRunner.run([
            "evaluate", folder("sts/model").path, "--data", "Datasets/small-sts/dev.tsv",
            "--score-range", "0...5",
            "--json", "--csv", folder("pairs.csv").path,
        ])
        let figures = try JSONDecoder().decode(
            [String: Double].self, from: Data(evaluation.out.utf8))
        let final = try self.results(folder("sts/results.json"))
        #expect(
            abs(try #require(figures["spearman_cosine"]) - #require(final["dev_spearman_cosine"]))
                < 1e-6)
        let rows = try String(contentsOf: folder("pairs.csv"), encoding: .utf8).split(
            separator: "\n")
        #expect(rows.count == 101)
        #expect(rows[0] == "sentence1,sentence2,gold,cosine")

        let classifier = try CommandRunner.run([
            "evaluate", folder("nli/checkpoints/best.h5").path, "--nli",
            "Datasets/small-nli/test.tsv", "--json",
        ])
        let accuracy = try JSONDecoder().decode(
            [String: Double].self, from: Data(classifier.out.utf8))
        let difference = try #require(accuracy["accuracy"]) - #require(results["test_accuracy"])
        #expect(abs(difference) < 1e-12)
    }

    /// Killed without warning, interrupted, resumed: the end is the same to the last bit.
    @Test(arguments: [SIGKILL, SIGINT])
    func killedAndResumedEndsTheSame(_ signal: Int32) throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        func arguments(_ output: String) -> [String] {
            [
                "train", "--model", start, "--output", folder(output).path, "--epochs", "2",
                "--save-every", "3",
            ]
                + Self.sts + ["--learning-rate", "1e-3", "--dev", "Datasets/small-sts/dev.tsv"]
        }
        let whole = try CommandRunner.run(arguments("whole"))
        #expect(whole.status == 0, "\(whole.error)")

        let files = TemporaryFolder()
        let process = try CommandRunner.start(arguments("cut"), files: files)
        while process.isRunning
            && ((try? FileManager.default.contentsOfDirectory(
                atPath: folder("cut/checkpoints").path)) ?? [])
                .allSatisfy({ !$0.hasPrefix("step-") })
        { usleep(2000) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        if signal == SIGINT && process.terminationReason == .exit {
            #expect(process.terminationStatus == 130 || process.terminationStatus == 0)
        }
        #expect(
            !FileManager.default.fileExists(atPath: folder("cut/model").path)
                || process.terminationStatus == 0)

        let resumed = try CommandRunner.run(["train", "--resume", folder("cut").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        let last = "checkpoints/step-00000050.h5"
        #expect(try weights(folder("cut/\(last)")) == weights(folder("whole/\(last)")))
        #expect(
            try Data(contentsOf: folder("cut/model/model.safetensors"))
                == Data(contentsOf: folder("whole/model/model.safetensors")))
        #expect(
            try contentsWithoutTimes(folder("cut/steps.csv"))
                == contentsWithoutTimes(folder("whole/steps.csv")))
    }

    /// With a BLAS library, whose last bits depend on it.
    @Test func anotherNumberOfThreadsIsSaid() throws {
        let folder = TemporaryFolder()
        let output = folder("out").path
        let library = ["SIMILE_BLAS": "libopenblas.so.0"]
        let stopped = try CommandRunner.run(
            [
                "train", "--model", try folder.newModel(), "--output", output, "--threads", "1",
                "--max-steps", "2",
            ] + Self.sts, environment: library)
        #expect(stopped.status == 0, "\(stopped.error)")
        let resumed = try CommandRunner.run(
            ["train", "--resume", output, "--threads", "2"], environment: library)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains("the run had 1 threads and goes on with 2"))
        let same = try CommandRunner.run(
            ["train", "--resume", output, "--threads", "1"], environment: library)
        #expect(!same.error.contains("threads and goes on"))
        let other = try CommandRunner.run(["train", "--resume", output])
        #expect(
            other.error.contains("the run multiplied with library kernels and goes on with own")
                == (GEMM.Engine.preferred == .own))
    }

    @Test func anOutputFolderInUseIsLeftAlone() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        _ = try folder.write("precious", to: "notes.txt")
        let output = try CommandRunner.run(
            ["train", "--model", start, "--output", folder.url.path] + Self.sts)
        #expect(output.status == 1)
        #expect(output.error.contains("exists and is not empty; give another --output"))
        #expect(try String(contentsOf: folder("notes.txt"), encoding: .utf8) == "precious")
    }

    @Test func aRecipeWithAnUnknownKeyIsRefused() throws {
        let folder = TemporaryFolder()
        let recipe = try folder.write("learning_rat: 1\n", to: "recipe.yaml")
        let output = try CommandRunner.run([
            "train", "--recipe", recipe, "--output", folder("out").path,
        ])
        #expect(output.status == 1)
        #expect(
            output.error.contains(
                "there is no setting 'learning_rat'; did you mean 'learning_rate'?"))

        let typed = try folder.write("epochs: many\n", to: "typed.yaml")
        let wrong = try CommandRunner.run([
            "train", "--recipe", typed, "--output", folder("out").path,
        ])
        #expect(wrong.status == 1)
        #expect(wrong.error.contains("typed.yaml:1: epochs is 'many'; expected 1...1000000"))
        let unnamed = try folder.write("schedule: steep\n", to: "unnamed.yaml")
        let refused = try CommandRunner.run([
            "train", "--recipe", unnamed, "--output", folder("out").path,
        ])
        #expect(
            refused.error.contains(
                "unnamed.yaml:1: schedule is 'steep'; expected linear, constant, cosine"))
    }

    @Test func everySettingIsAFlagAndAKey() throws {
        let help = try CommandRunner.run(["train", "--help"]).out
        for key in TrainingConfiguration.keys + RunSetup.keys + TaskSettings.keys
            + ExampleFileOptions.keys
        where key != "skipped_labels" && key != "filters" {
            #expect(help.contains("--" + key.replacing("_", with: "-")), "\(key)")
        }
    }
}
