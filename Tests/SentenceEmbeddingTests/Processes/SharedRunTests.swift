import ExampleFiles
import Foundation
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Runs from files to files that several processes share.
@Suite struct SharedRunTests {
    private func recipe(_ folder: TemporaryFolder) throws -> Recipe {
        try folder.recipe { recipe in
            var dev = EvaluationRecipe(short: "dev")
            dev.data = [ExampleSource(try folder.scores("dev.tsv", 20, seed: 9))]
            recipe.evaluations = [dev]
            recipe.training.epochs = 2
            recipe.training.saveEvery = 2
        }
    }

    private func model(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    /// The error of each of two processes; "" for none.
    private func errors(_ body: @escaping @Sendable (ThreadProcesses) throws -> Void) -> [String] {
        ThreadProcesses.run(2) { own in
            do {
                try body(own)
                return ""
            } catch { return "\(error)" }
        }
    }

    @Test func onlyTheFirstProcessWrites() throws {
        let folder = TemporaryFolder()
        let recipe = try recipe(folder)
        _ = try TrainingRun(recipe, output: folder("alone").path).execute()
        let results = ThreadProcesses.run(3) { own in
            // Each writes to its own folder, if it writes.
            let run = try TrainingRun(
                recipe, output: folder("run-\(own.rank)").path, processes: own)
            return try run.execute()
        }
        #expect(!FileManager.default.fileExists(atPath: folder("run-1").path))
        #expect(!FileManager.default.fileExists(atPath: folder("run-2").path))
        let (alone, shared) = (
            try losses(ofRun: folder("alone")), try losses(ofRun: folder("run-0"))
        )
        #expect(alone.count == 6 && shared.count == 6)
        for (a, b) in zip(alone, shared) { #expect(abs(a - b) < 1e-6) }
        // All have measured the model that the first has written.
        let figures = results.map { $0?.groups.first?.figures.first?.value }
        #expect(figures[0] != nil && figures.allSatisfy { $0 == figures[0] })
    }

    @Test(arguments: [1, 2, 3]) func anyNumberGoesOn(_ count: Int) throws {
        let folder = TemporaryFolder()
        let recipe = try recipe(folder)
        _ = try TrainingRun(recipe, output: folder("whole").path).execute()
        _ = ThreadProcesses.run(2) { own in
            try TrainingRun(recipe, output: folder("run").path, processes: own)
                .execute([OnEvent(stopAfter: 3)])
        }
        _ = ThreadProcesses.run(count) { own in
            try TrainingRun(
                resuming: folder("run").path, processes: count == 1 ? nil : own
            ).execute()
        }
        for (a, b) in zip(try losses(ofRun: folder("whole")), try losses(ofRun: folder("run"))) {
            #expect(abs(a - b) < 1e-6)
        }
        if count == 2 {
            _ = ThreadProcesses.run(2) { own in
                try TrainingRun(recipe, output: folder("again").path, processes: own).execute()
            }
            #expect(try model(folder("again")) == model(folder("run")))
        }
    }

    @Test func otherRecipesAreRefused() throws {
        let folder = TemporaryFolder()
        let recipe = try recipe(folder)
        let said = errors { own in
            var recipe = recipe
            recipe.training.seed = UInt64(own.rank)
            _ = try TrainingRun(recipe, output: folder("run").path, processes: own).execute()
        }
        for sentence in said {
            #expect(
                sentence.hasPrefix("process 1 does not have the seed of process 0: '1' and '0'"))
        }
    }

    @Test func otherDataAreRefused() throws {
        let folder = TemporaryFolder()
        let recipe = try recipe(folder)
        let isChanged = DispatchSemaphore(value: 0)
        let said = errors { own in
            // The file changes when the first process has read it, before the other begins to.
            let change = { (note: TrainingNote) in
                if own.rank == 0, case .read(_, role: "train") = note {
                    _ = try? folder.scores("train.tsv", 24, seed: 5)
                    isChanged.signal()
                }
            }
            let open = { (path: String) in
                if own.rank == 1 { isChanged.wait() }
                return try SentenceTransformer(path: path)
            }
            _ = try TrainingRun(
                recipe, output: folder("run").path, processes: own, open: open, note: change
            ).execute()
        }
        for sentence in said {
            #expect(sentence.hasPrefix("process 1 does not have the data of process 0"))
        }
    }

    /// What is measured in bfloat16 in one process is so in all: the model delivered is read in the first one alone.
    @Test func figuresAreThoseOfOnePrecision() throws {
        let folder = TemporaryFolder()
        var recipe = try recipe(folder)
        recipe.training.bf16 = true
        var test = EvaluationRecipe(short: "test")
        test.data = [ExampleSource(try folder.scores("test.tsv", 20, seed: 12))]
        recipe.evaluations.append(test)
        let shared = recipe
        _ = ThreadProcesses.run(2) { own in
            try TrainingRun(shared, output: folder("run").path, processes: own).execute()
        }
        let model = try SentenceTransformer(path: folder("run/model").path)
        let table = try ExampleFile.read(
            folder.path("test.tsv"), options: recipe.data, as: .scoredPairs
        ).table
        let own = try EmbeddingSimilarityEvaluator(table).evaluate(model)
        let results = try String(contentsOf: folder("run/results.json"), encoding: .utf8)
        let figure = try #require(own["spearman_cosine"])
        #expect(results.contains("\(figure)"), "\(figure) is not in \(results)")
    }

    @Test func otherWeightsAreRefused() throws {
        let folder = TemporaryFolder()
        let recipe = try recipe(folder)
        let said = errors { own in
            let spoil = OnEvent { event, trainer in
                if case .stepped = event, own.rank == 1, trainer.state.step == 1 {
                    let parameter = trainer.model.bert.wordEmbeddings
                    parameter.setValues(of: parameter.parts[0]) { $0[5] += 1e-6 }
                }
                return .proceed
            }
            _ = try TrainingRun(recipe, output: folder("run").path, processes: own)
                .execute([spoil])
        }
        for sentence in said {
            #expect(sentence.contains("after step 2 process 1 has other weights than process 0"))
        }
    }
}
