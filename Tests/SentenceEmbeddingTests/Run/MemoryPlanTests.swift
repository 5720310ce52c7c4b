import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Support
import TestSupport
import Testing

@testable import SentenceEmbedding

/// What a run says of its memory beforehand.
@Suite struct MemoryPlanTests {
    private func plan(
        _ table: ExampleTable, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> MemoryPlan {
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        change(&configuration)
        return MemoryPlan(
            try TinyModel.cosineTrainer(TinyModel.make(), table, configuration))
    }

    @Test func settingsThatSaveMemoryAreCounted() throws {
        let table = TinyModel.scored(64)
        let whole = try plan(table)
        #expect(whole.rows > 64 * 24 && whole.rows < 64 * 200, "\(whole.rows)")
        #expect(try plan(table) { $0.batchSize = 16 }.step > whole.step)
        #expect(try plan(table) { $0.miniBatchSize = 4 }.step < whole.step)
        #expect(try plan(table) { $0.gradientCheckpointing = true }.step < whole.step)
        #expect(try plan(table) { $0.emaDecay = 0.9 }.weights == whole.weights / 4 * 5)
        // The longest rows can only come together where rows are grouped by length.
        #expect(try plan(table) { $0.groupByLength = true }.step >= whole.step)
        #expect(whole.total == whole.rows + whole.tokens + whole.weights + whole.step + 64 << 20)
    }

    /// Two batches of 8 pairs have about the tokens of one of 16; embeddings are those of the whole batch.
    @Test func eachProcessHasItsShare() throws {
        let table = TinyModel.scored(64)
        func plans(_ batchSize: Int, _ processes: Int) -> [MemoryPlan] {
            ThreadProcesses.run(processes) { own in
                let model = try TinyModel.make()
                let task = TrainingTask(
                    try EmbeddingObjective(CosineSimilarityLoss.self, data: table, model: model),
                    sampler: ShuffledBatchSampler(batchSize: batchSize, seed: 4))
                return MemoryPlan(try Trainer(model: model, tasks: [task], processes: own))
            }
        }
        let (whole, alone) = (plans(15, 1)[0], plans(8, 1)[0])
        let shared = plans(15, 2)
        let embeddings = 2 * (15 * 2 * 32) * 4
        for plan in shared {
            #expect(plan.step == alone.step + embeddings)
            #expect((plan.rows, plan.weights) == (whole.rows, whole.weights))
        }
        #expect(shared[0].step < whole.step)
    }

    @Test func aRunThatNeedsMoreThanIsAllowedDoesNotBegin() throws {
        let folder = TemporaryFolder()
        let recipe = try folder.recipe()
        let run = try TrainingRun(recipe, output: folder.path("run"))
        run.memoryLimit = 1 << 20
        let error = #expect(throws: RunError.self) { try run.execute() }
        guard case .memory(let plan, limit: 1 << 20) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("1 MB are allowed") == true)
        #expect(!folder.entries.contains("run"))

        var notes: [String] = []
        let allowed = try TrainingRun(
            recipe, output: folder.path("run"), note: { notes.append($0.description) })
        // No room for the ids of tokens: they are made again when they are needed.
        allowed.memoryLimit = plan.total
        _ = try allowed.execute()
        var averaged = recipe
        averaged.training.emaDecay = 0.9
        let rehearsed = try TrainingRun(averaged, output: folder.path("other")).rehearse(steps: 1)
        #expect(rehearsed.memory.weights > plan.weights)
        #expect(notes.contains { $0.hasPrefix("memory: about ") })
        #expect(folder.entries.contains("run"))
    }
}
