import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Runs of several tasks with a loss each.
@Suite struct TasksTests {
    /// Stopped anywhere and made anew from its file, a run of two losses ends in the same file, byte for byte: the
    /// model, both losses' parameters, the optimizer's buffers and the state.
    @Test(arguments: [1, 2, 5, 7, 8, 15], [Proportional.name, RoundRobin.name])
    func resumedEqualsUninterrupted(_ stop: Int, _ order: String) throws {
        let folder = TemporaryFolder()
        let order = try TaskOrders.named(order).init(seed: 9)
        let whole = try TinyTasks.trainer(order: order)
        let total = whole.schedule.totalSteps
        #expect(total == (order is RoundRobin ? 12 : 16))
        let stop = min(stop, total - 1)
        #expect(try whole.run() == .finished)
        try Checkpoint.write(whole, to: folder("whole.h5"))

        let first = try TinyTasks.trainer(order: order)
        #expect(try first.run([OnEvent(stopAfter: stop)]) == .stopped)
        try Checkpoint.write(first, to: folder("stopped.h5"))
        let second = try TinyTasks.trainer(
            from: Checkpoint(folder("stopped.h5")), order: order)
        #expect(second.state.step == stop)
        #expect(try second.run() == .finished)
        try Checkpoint.write(second, to: folder("resumed.h5"))
        #expect(
            try Data(contentsOf: folder("resumed.h5")) == Data(contentsOf: folder("whole.h5")))
    }

    /// Both losses train the model and what is their own.
    @Test func everyLossMovesItsParameters() throws {
        let trainer = try TinyTasks.trainer()
        func bits() -> [String: [UInt32]] {
            (Array(trainer.model.parameters)
                + trainer.tasks.flatMap { Array($0.objective.module.parameters) }).bits
        }
        let before = bits()
        #expect(before["classifier.weight"] != nil && before["projection.bias"] != nil)
        try trainer.run()
        let after = bits()
        for (name, values) in before {
            #expect((values != after[name]) == !name.hasPrefix("pooler."), "\(name)")
        }
    }

    /// The task and the rows of every batch of a run.
    private func batches(
        _ order: any TaskOrder, accumulation: Int = 1
    ) throws -> [[Trainer.Batch]] {
        var configuration = TinyTasks.configuration()
        configuration.accumulationSteps = accumulation
        let trainer = try TinyTasks.trainer(order: order, configuration: configuration)
        var batches: [[Trainer.Batch]] = []
        try trainer.run([
            OnEvent { event, trainer in
                if case .stepped = event { batches.append(trainer.latestBatches) }
                return .proceed
            }
        ])
        return batches
    }

    @Test func roundRobinAlternates() throws {
        let batches = try batches(RoundRobin()).flatMap(\.self)
        #expect(batches.map(\.task) == Array(repeating: [0, 1], count: 6).flatMap(\.self))
        // The smaller task is seen once an epoch, whole; of the larger one other rows in each epoch.
        let kd = batches.filter { $0.task == 1 }.map(\.rows)
        #expect(Set(kd[..<3].joined()) == Set(0..<24))
        #expect(Set(kd[3...].joined()) == Set(0..<24))
        let nli = batches.filter { $0.task == 0 }.map(\.rows)
        #expect(Set(nli[..<3].joined()).count == 24)
        #expect(Array(nli[..<3].joined()) != Array(nli[3...].joined()))
    }

    @Test func proportionalTakesEveryRowOnce() throws {
        let batches = try batches(Proportional(seed: 2)).flatMap(\.self)
        #expect(batches.count == 16)
        for epoch in [batches[..<8], batches[8...]] {
            for (task, count) in [(0, 40), (1, 24)] {
                let rows = epoch.filter { $0.task == task }.flatMap(\.rows)
                #expect(rows.count == count && Set(rows) == Set(0..<count))
            }
        }
        #expect(batches[..<8].map(\.task) != batches[8...].map(\.task))
    }

    /// A step of several batches may have them of different tasks.
    @Test func accumulationGoesAcrossTasks() throws {
        let steps = try batches(RoundRobin(), accumulation: 2)
        #expect(steps.count == 6)
        for step in steps { #expect(step.map(\.task) == [0, 1]) }
    }

    @Test func aTaskNeedsRowsAndItsOwnPrompts() throws {
        let model = try TinyModel.make()
        func trainer(_ data: ExampleTable, _ prompts: [String]?) throws -> Trainer {
            try Trainer(
                model: model,
                tasks: [
                    TrainingTask(
                        EmbeddingObjective(CosineSimilarityLoss.self, data: data, model: model),
                        name: "sts", sampler: ShuffledBatchSampler(batchSize: 8, seed: 1),
                        prompts: prompts)
                ])
        }
        let count = #expect(throws: TrainingError.self) {
            try trainer(TinyModel.scored(8), ["red "])
        }
        #expect(
            count?.description
                == "the task sts has 1 prompts for 2 columns (sentence1, sentence2); give one for each, an empty one for none"
        )
        #expect(throws: TrainingError.noRows(path: "none.tsv")) {
            try trainer(TinyModel.pairs("none.tsv", 0, 1, .scores([])), nil)
        }
        _ = try trainer(TinyModel.scored(8), ["red ", ""])
    }

    /// Prompts of a task are its own: the texts of each column begin with them, and no other task's do.
    @Test func promptsOfATask() throws {
        func table(_ name: String, _ seed: UInt64, _ prompts: [String]) -> ExampleTable {
            let texts = [
                TinyModel.sentences(24, seed: seed), TinyModel.sentences(24, seed: seed + 1),
            ]
            return ExampleTable(
                name: name,
                columns: [
                    ("query", texts[0].map { prompts[0] + $0 }),
                    ("passage", texts[1].map { prompts[1] + $0 }),
                ])
        }
        func run(inTexts: [String], ofTask: [String]?) throws -> [String: [UInt32]] {
            let model = try TinyModel.make()
            let tables = [table("a", 21, inTexts), table("b", 31, ["", ""])]
            let tasks = try zip(tables, [ofTask, nil]).map { data, prompts in
                TrainingTask(
                    try EmbeddingObjective(
                        MultipleNegativesRankingLoss.self, data: data, model: model),
                    name: data.name, sampler: ShuffledBatchSampler(batchSize: 8, seed: 1),
                    prompts: prompts)
            }
            try Trainer(model: model, tasks: tasks, configuration: TinyTasks.configuration()).run()
            return model.parameters.bits
        }
        let written = try run(inTexts: ["red ", "big blue "], ofTask: nil)
        #expect(try run(inTexts: ["", ""], ofTask: ["red ", "big blue "]) == written)
        #expect(try run(inTexts: ["", ""], ofTask: nil) != written)
    }

    // MARK: - Rows of different lengths

    private func ragged(_ count: Int) -> ExampleTable {
        func texts(_ seed: UInt64, _ isThere: (Int) -> Bool) -> [String?] {
            TinyModel.sentences(count, seed: seed).enumerated().map {
                isThere($0.offset) ? $0.element : nil
            }
        }
        return ExampleTable(
            name: "ragged.jsonl",
            columns: [
                ("query", texts(41) { _ in true }), ("positive", texts(42) { _ in true }),
                ("negative_1", texts(43) { $0 % 3 > 0 }), ("negative_2", texts(44) { $0 % 3 > 1 }),
            ])
    }

    @Test func rowsWithDifferentNumbersOfNegativesTrain() throws {
        let model = try TinyModel.make(dropout: 0)
        let objective = try EmbeddingObjective(
            MultipleNegativesRankingLoss.self, data: ragged(24), model: model)
        let step = objective.prepare(
            [0, 1, 2, 3], StepContext(ids: { $0.map { _ in [] } }, layerCount: 2, seed: 1))
        // Four queries, four positives, three that are not a multiple of 3 … one each.
        #expect(step.texts.map(\.column) == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3])
        #expect(step.texts.map(\.row) == [0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 2])
        var configuration = TinyTasks.configuration(epochs: 40)
        configuration.learningRate = 3e-3
        let trainer = try Trainer(
            model: model, objective: objective, configuration: configuration)
        var losses: [Float] = []
        try trainer.run([OnEvent(step: { losses.append($0.loss) })])
        #expect(losses.count == 120)
        #expect(losses.allSatisfy { $0.isFinite })
        let (first, last) = (losses[..<3].reduce(0, +), losses[117...].reduce(0, +))
        #expect(last < first / 4, "\(first / 3) to \(last / 3)")
    }

    @Test func aLossThatNeedsEveryTextNamesTheRowWithout() throws {
        let model = try TinyModel.make()
        let table = ragged(6).using([0, 1, 2])
        let error = #expect(throws: TrainingError.self) {
            try Trainer(
                model: model,
                objective: EmbeddingObjective(TripletLoss.self, data: table, model: model))
        }
        guard case .emptyText(let empty) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(empty.path == "ragged.jsonl" && empty.column == "negative_1")
    }
}
