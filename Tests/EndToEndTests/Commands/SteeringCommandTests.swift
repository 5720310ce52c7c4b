import Foundation
import Testing

/// `simile train --sweep`, `simile merge`, and the recipe that steers a run.
@Suite struct SteeringCommandTests {
    private let folder = TemporaryFolder()

    private func train(_ arguments: [String]) throws -> CommandRunner.Output {
        try CommandRunner.run(
            ["train", "--recipe", "Experiments/steering/recipe.yaml", "--epochs", "1"] + arguments)
    }

    @Test func aSweepIsResumedAndMerged() throws {
        let start = try folder.newModel()
        let output = folder("sweep").path
        let grid = [
            "--model", start, "--output", output, "--sweep", "seed=1,2", "--sweep",
            "learning_rate=1e-3,1e-4", "--no-start-may-win",
        ]
        let first = try train(grid)
        #expect(first.status == 0, "\(first.error)")
        let lines = first.out.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0].hasPrefix("seed  learning_rate  dev_sts_spearman_cosine  best step"))
        let table = try String(contentsOf: folder("sweep/sweep.csv"), encoding: .utf8)
        let scores = table.split(separator: "\n").dropFirst().map { row in
            Double(row.split(separator: ",", omittingEmptySubsequences: false)[2]) ?? .nan
        }
        #expect(scores.count == 4 && scores == scores.sorted(by: >))

        // One run is taken again, the others are as they were.
        try FileManager.default.removeItem(at: folder("sweep/seed=2_learning_rate=1e-4"))
        let again = try train(grid)
        #expect(again.status == 0, "\(again.error)")
        #expect(again.error.matches(of: /: finished before/).count == 3)
        #expect(again.out == first.out)

        let other = try train(grid + ["--batch-size", "8"])
        #expect(other.status == 1)
        #expect(other.error.contains("holds a run with another batch_size"), "\(other.error)")

        let (a, b) = (
            folder("sweep/seed=1_learning_rate=1e-4/model").path,
            folder("sweep/seed=2_learning_rate=1e-4/model").path
        )
        let merged = try CommandRunner.run([
            "merge", a, b, "--weights", "0.7,0.3", "--output", folder("merged").path,
        ])
        #expect(merged.status == 0, "\(merged.error)")
        let card = try String(contentsOf: folder("merged/README.md"), encoding: .utf8)
        #expect(card.contains("| `seed=1_learning_rate=1e-4/model` | 0.7000 |"), "\(card)")
        let used = try CommandRunner.run(["similarity", folder("merged").path, "a man", "a dog"])
        #expect(used.status == 0, "\(used.error)")
        let wrong = try CommandRunner.run([
            "merge", a, "--weights", "x", "--output", folder("no").path,
        ])
        #expect(wrong.status == 64)
    }

    @Test func theRecipe() throws {
        let start = try folder.newModel()
        let run = try train(["--model", start, "--output", folder("run").path])
        #expect(run.status == 0, "\(run.error)")
        let object = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder("run/results.json")))
        let results = try #require(object as? [String: Any])
        #expect(results["chosen_by"] as? String == "dev_sts_spearman_cosine")
        #expect(results["best_step"] is Int)
        // Ten evaluations and the start's, or fewer where the patience ended before.
        let evaluations = try String(contentsOf: folder("run/evaluations.csv"), encoding: .utf8)
        #expect((7...12).contains(evaluations.split(separator: "\n").count))
        let both = try train([
            "--model", start, "--output", folder("no").path, "--warmup-ratio", "0.1",
        ])
        #expect(both.status == 1)
        #expect(both.error.contains("warmup_steps is given beside warmup_ratio"), "\(both.error)")
    }
}
