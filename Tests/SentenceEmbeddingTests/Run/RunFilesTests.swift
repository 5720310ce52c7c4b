import EvaluationMetrics
import ExampleFiles
import Foundation
import JSON
import TestSupport
import Testing

@testable import SentenceEmbedding

/// What a run writes about itself, and how often it measures.
@Suite struct RunFilesTests {
    private let folder = TemporaryFolder()

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder(name), encoding: .utf8)
    }

    private func rows(_ name: String) throws -> [[String]] {
        try text(name).split(separator: "\n").map { row in
            row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// A recipe with scored pairs in dev and test.
    private func recipe(_ change: (inout Recipe) throws -> Void = { _ in }) throws -> Recipe {
        try folder.recipe { recipe in
            recipe.evaluations = try [("dev", 5), ("test", 7)].map { name, seed in
                var item = EvaluationRecipe(short: name)
                item.data = [
                    ExampleSource(try folder.scores(name + ".tsv", 20, seed: UInt64(seed)))
                ]
                return item
            }
            try change(&recipe)
        }
    }

    // MARK: - Measuring

    /// Dev is measured as the run goes and not again; test before and after.
    @Test func nothingIsMeasuredTwice() throws {
        var (doing, evaluations): ([String], Int) = ([], 0)
        let results = try TrainingRun(
            recipe(), output: folder("run").path,
            note: { if case .doing(let text) = $0 { doing.append(text) } }
        ).execute([
            OnEvent { event, _ in
                if case .evaluating = event { evaluations += 1 }
                return .proceed
            }
        ])
        #expect(evaluations == 2)
        #expect(
            doing.filter { $0.hasPrefix("measuring") } == [
                "measuring test before training", "measuring test",
            ])
        let delivered = try SentenceTransformer(path: folder("run/model").path)
        for split in ["dev", "test"] {
            let (table, _) = try ExampleFile.read(
                folder(split + ".tsv").path, options: recipe().data, as: .scoredPairs)
            let again = try EmbeddingSimilarityEvaluator(table).evaluate(delivered)
            #expect(results?["\(split)_spearman_cosine"] == again.primary)
        }
        #expect(results?.changes.map(\.name) == ["dev_spearman_cosine", "test_spearman_cosine"])
        #expect(results?.mainChange?.name == "test_spearman_cosine")
        #expect(results?.changes.allSatisfy { $0.interval != nil && $0.before != nil } == true)
    }

    /// The rows before training are those that an earlier process measured.
    @Test func theRowsBeforeTrainingOutliveAStop() throws {
        _ = try TrainingRun(recipe(), output: folder("whole").path).execute()
        let cut = folder("cut").path
        #expect(try TrainingRun(recipe(), output: cut).execute([OnEvent(stopAfter: 2)]) == nil)
        #expect(try text("cut/report.html").contains("Stopped after step 2"))
        #expect(!FileManager.default.fileExists(atPath: folder("cut/results.json").path))
        let results = try TrainingRun(resuming: cut).execute()
        #expect(results?.changes.allSatisfy { $0.interval != nil } == true)
        for name in ["predictions/dev.jsonl", "predictions/test.jsonl", "results.json"] {
            #expect(
                try contentsWithoutTimes(folder("cut/" + name))
                    == contentsWithoutTimes(folder("whole/" + name)), "\(name)")
        }
        let line = try #require(text("whole/predictions/dev.jsonl").split(separator: "\n").first)
        let row = try JSONValue(parsing: line.utf8)
        #expect(row["file"]?.string == folder("dev.tsv").path)
        #expect(row["line"]?.int == 2)
        #expect(row["gold"]?.double == 0)
        #expect(row["before"]?.double != nil && row["after"]?.double != nil)
        #expect(row["texts"]?.strings?.count == 2)
    }

    @Test(
        arguments: [
            (0.5, 0.7, Direction.higher, 0.1...0.3, FigureChange.Verdict.better),
            (0.7, 0.5, .higher, -0.3...(-0.1), .worse),
            (0.5, 0.6, .higher, -0.1...0.3, .aboutTheSame),
            (9, 7, .lower, nil, .better), (7, 9, .lower, nil, .worse),
            (9, 9.001, .lower, nil, .aboutTheSame), (nil, 0.5, .higher, nil, nil),
            (0.5, .nan, .higher, nil, nil),
        ] as [(Double?, Double, Direction, ClosedRange<Double>?, FigureChange.Verdict?)])
    func whatTrainingDid(
        _ before: Double?, _ after: Double, _ direction: Direction,
        _ interval: ClosedRange<Double>?, _ verdict: FigureChange.Verdict?
    ) {
        let change = FigureChange(
            name: "x", before: before, after: after, direction: direction, interval: interval)
        #expect(change.verdict == verdict)
    }

    // MARK: - Logs

    @Test func stepsHaveTimesAndMemory() throws {
        _ = try TrainingRun(recipe { $0.training.epochs = 2 }, output: folder("run").path).execute()
        let rows = try rows("run/steps.csv")
        #expect(
            rows[0] == [
                "step", "loss", "learning_rate", "gradient_norm", "pairs", "tokens", "seconds",
                "epoch", "pairs_per_second", "memory_mib",
            ])
        #expect(
            rows.dropFirst().map { $0[7] } == [
                "0.3333", "0.6667", "1.0000", "1.3333", "1.6667", "2.0000",
            ])
        let seconds = rows.dropFirst().compactMap { Double($0[6]) }
        #expect(seconds.count == 6 && seconds == seconds.sorted() && seconds[0] > 0)
        #expect(rows.dropFirst().allSatisfy { Double($0[8]).map { $0 > 0 } == true })
        #expect(rows.dropFirst().allSatisfy { Int($0[9]).map { $0 > 0 } == true })
    }

    /// A log from before there were times keeps its rows, with nothing in the columns that it lacks.
    @Test func anOlderLogGoesOn() throws {
        let output = folder("run").path
        let first = try TrainingRun(recipe(), output: output)
        #expect(try first.execute([OnEvent(stopAfter: 2)]) == nil)
        let old = try rows("run/steps.csv").map { $0.prefix(6).joined(separator: ",") + "\n" }
        try folder.write(old.joined(), to: "run/steps.csv")
        _ = try TrainingRun(resuming: output).execute()
        let rows = try rows("run/steps.csv")
        #expect(rows.allSatisfy { $0.count == 10 })
        #expect(rows[2][6...] == ["", "", "", ""])
        #expect(try #require(Double(rows[3][6])) >= 0)
        #expect(rows.map { $0[0] } == ["step", "1", "2", "3"])
    }

    @Test func whatARunIsMadeWith() throws {
        var notes: [String] = []
        let recipe = try recipe { $0.setup.maxSequenceLength = 4 }
        _ = try TrainingRun(
            recipe, output: folder("run").path, note: { notes.append("\($0)") }
        ).execute()
        let record = try JSONValue(parsing: text("run/run.json").utf8)
        #expect(record["settings"] == recipe.value)
        #expect(record["environment"]?["threads"]?.int.map { $0 > 0 } == true)
        let lengths = try #require(record["texts"]?["train"])
        #expect(lengths["texts"]?.int == 48)
        #expect(lengths["counts"]?.integers?.reduce(0, +) == 48)
        #expect(try #require(lengths["cut_share"]?.double) > 0)
        #expect(notes.contains { $0.contains("longer than max_seq_length 4 and lose their end") })
        let results = try JSONValue(parsing: text("run/results.json").utf8)
        for key in ["settings", "environment", "texts"] { #expect(results[key] == record[key]) }
        #expect(results["verdict_by"]?.string == "test_spearman_cosine")
    }

    // MARK: - The number of steps

    /// It goes before the number of epochs, both ways.
    @Test(arguments: [2, 8])
    func theNumberOfStepsIsWhatWasAskedFor(_ steps: Int) throws {
        var notes: [String] = []
        let results = try TrainingRun(
            recipe { $0.training.maxSteps = steps }, output: folder("run").path,
            note: { notes.append("\($0)") }
        ).execute()
        #expect(results?.steps == steps)
        let said = "max_steps 8 goes before epochs 1: the run takes 2.7 epochs of 3 steps"
        #expect(notes.contains(said) == (steps == 8))
        #expect(try rows("run/steps.csv").count == 1 + steps)
    }

    // MARK: - TensorBoard

    /// The check value of CRC-32C, and TFRecord's framing.
    @Test func eventsAreInRecords() throws {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
        let record = [UInt8](EventRecord.scalars([("a", 0.5)], step: 300, at: 1))
        let length = Int(record[0])
        #expect(record.count == 8 + 4 + length + 4)
        #expect(
            Array(record[12..<12 + length]) == [
                // wall_time, step 300 and a summary of one value, with a tag and a float.
                0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a,
                0x01, 0x61, 0x15, 0, 0, 0, 0x3f,
            ])
    }

    @Test func eachProcessWritesAFileForTensorBoard() throws {
        let output = folder("run").path
        let first = try TrainingRun(recipe { $0.setup.tensorboard = true }, output: output)
        #expect(try first.execute([OnEvent(stopAfter: 2)]) == nil)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder("run/tensorboard").path)
        #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents."))
        let bytes = try Data(contentsOf: folder("run/tensorboard/" + names[0]))
        for part in ["brain.Event:2", "train/loss", "dev/spearman_cosine", "\"learning_rate\""] {
            #expect(bytes.range(of: Data(part.utf8)) != nil, "\(part)")
        }
        _ = try TrainingRun(recipe(), output: folder("plain").path).execute()
        #expect(!FileManager.default.fileExists(atPath: folder("plain/tensorboard").path))
    }
}
