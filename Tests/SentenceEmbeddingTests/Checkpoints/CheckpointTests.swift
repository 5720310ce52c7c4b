import ExampleFiles
import Foundation
import HDF5
import Losses
import NeuralNetwork
import Serialization
import Tensors
import Testing

@testable import SentenceEmbedding

@Suite struct CheckpointTests {
    private func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        configuration.epochs = 2
        configuration.learningRate = 1e-3
        configuration.evaluateEvery = 2
        return configuration
    }

    /// A run that is stopped at any step and resumed from its file ends in the same bits.
    @Test(arguments: [1, 3, 5, 6, 9])
    func resumedEqualsUninterrupted(_ stop: Int) throws {
        let folder = TemporaryFolder()
        let file = folder("stopped.h5")
        let dev = try EmbeddingSimilarityEvaluator(TinyModel.scored(10, seed: 9))
        func trainer() throws -> Trainer {
            let model = try TinyModel.make()
            return try TinyModel.softmaxTrainer(
                model, TinyModel.labelled(40), configuration())
        }
        let whole = try trainer()
        #expect(try whole.run([PeriodicEvaluation(dev)]) == .finished)
        #expect(whole.state.step == 10)

        let first = try trainer()
        let outcome = try first.run([
            OnEvent(stopAfter: stop), PeriodicEvaluation(dev),
            Saving { trainer, isBest in
                if !isBest { try Checkpoint.write(trainer, to: file, recipe: "{}") }
            },
        ])
        #expect(outcome == .stopped)

        let checkpoint = try Checkpoint(file)
        let model = try checkpoint.model()
        let module = try #require(try checkpoint.losses(for: model)[TrainingTask.onlyName])
        let second = try Trainer(
            model: model, objective: EmbeddingObjective(module, data: TinyModel.labelled(40)),
            configuration: checkpoint.configuration())
        try checkpoint.restore(second)
        #expect(second.state.step == stop)
        #expect(try second.run([PeriodicEvaluation(dev)]) == .finished)

        #expect(second.state == whole.state)
        #expect(second.model.parameters.bits == whole.model.parameters.bits)
        #expect(module.parameters.bits == whole.tasks[0].objective.module.parameters.bits)
    }

    /// An open file keeps its space on the disk when it is removed, as the checkpoint a run goes on from is.
    @Test func aModelDoesNotHoldTheFileItCameFrom() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(16), configuration())
        try Checkpoint.write(trainer, to: folder("a.h5"))
        func open() throws -> (SentenceTransformer, LossModule?) {
            let checkpoint = try Checkpoint(folder("a.h5"))
            let model = try checkpoint.model()
            return (model, try checkpoint.losses(for: model)[TrainingTask.onlyName])
        }
        let (copy, loss) = try open()
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
            }
        #expect(!files.contains { $0.contains(folder.url.lastPathComponent) })
        #expect(copy.parameters.bits == model.parameters.bits)
        #expect(loss?.context.classNames == TinyModel.labels)
    }

    @Test func whereNoCheckpointCanBeIsFoundOutBeforehand() throws {
        let folder = TemporaryFolder()
        let trainer = try TinyModel.cosineTrainer(
            TinyModel.make(), TinyModel.scored(16), configuration())
        try Checkpoint.tryWriting(trainer, in: folder.url)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        let nowhere = folder("missing")
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.tryWriting(trainer, in: nowhere)
        }
        #expect(
            error?.description.hasPrefix("\(nowhere.path): no checkpoint can be written there (")
                == true)
        #expect(error?.description.contains("there is no folder \(nowhere.path)") == true)
    }

    @Test func weightsThatAreNotFiniteAreNotWritten() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(16), configuration())
        let loss = trainer.tasks[0].objective.module
        let bias = try #require(loss.parameters.first { $0.name == "classifier.bias" })
        bias.setValues(of: bias.parts[0]) { $0[0] = -.infinity }
        let error = #expect(throws: NonFiniteError.self) {
            try Checkpoint.write(trainer, to: folder("a.h5"))
        }
        #expect(error?.array == "classifier.bias")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func modelComesBackWhole() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make(pooling: [.cls, .mean], normalizes: true)
        model.maxSequenceLength = 17
        try Checkpoint.write(model, to: folder("model.h5"))
        let again = try SentenceTransformer(path: folder("model.h5").path)
        #expect(again.parameters.bits == model.parameters.bits)
        #expect(again.bert.configuration == model.bert.configuration)
        #expect(again.pooling.modes == [.cls, .mean])
        #expect(again.normalizes)
        #expect(again.maxSequenceLength == 17)
        let sentences = TinyModel.sentences(7, seed: 1)
        #expect(again.encode(sentences).values == model.encode(sentences).values)
        #expect(try Checkpoint(folder("model.h5")).losses(for: again).isEmpty)
    }

    @Test func sameContentSameBytes() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        try Checkpoint.write(model, to: folder("a.h5"))
        try Checkpoint.write(model, to: folder("b.h5"))
        #expect(try Data(contentsOf: folder("a.h5")) == Data(contentsOf: folder("b.h5")))
    }

    @Test func failedWriteKeepsTheOldOne() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        try Checkpoint.write(model, to: folder("a.h5"))
        let before = try Data(contentsOf: folder("a.h5"))
        #expect(throws: (any Error).self) {
            try Checkpoint.write(model, to: folder("nowhere/a.h5"))
        }
        #expect(try Data(contentsOf: folder("a.h5")) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.h5"])
    }

    @Test func otherFilesAreRefused() throws {
        let folder = TemporaryFolder()
        try Data("text".utf8).write(to: folder("text.h5"))
        #expect(throws: CheckpointError.self) { try Checkpoint(folder("text.h5")) }

        let other = try HDF5File(creating: folder("other.h5").path)
        try other.close()
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder("other.h5")) }
        #expect(error?.description.contains("not a checkpoint of Simile's") == true)

        let later = try HDF5File(creating: folder("later.h5").path)
        try later.root.attributes.set("format", to: "simile-checkpoint")
        try later.root.attributes.set("format_version", to: 99)
        try later.close()
        let version = #expect(throws: CheckpointError.self) { try Checkpoint(folder("later.h5")) }
        #expect(
            version?.description.contains(
                "checkpoint version 99, this program reads up to 3: update simile") == true)
    }

    @Test func damagedOrTruncatedIsAnError() throws {
        let folder = TemporaryFolder()
        try Checkpoint.write(TinyModel.make(), to: folder("whole.h5"))
        let whole = try Data(contentsOf: folder("whole.h5"))
        for share in [0.1, 0.5, 0.9, 0.999] {
            try whole.prefix(Int(Double(whole.count) * share)).write(to: folder("part.h5"))
            #expect(throws: (any Error).self) { try Checkpoint(folder("part.h5")).model() }
        }
    }

    @Test func resumingNeedsTheSameDataAndAnOptimizer() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        func trainer(_ count: Int) throws -> Trainer {
            try TinyModel.cosineTrainer(
                model, TinyModel.scored(count), configuration())
        }
        try Checkpoint.write(trainer(16), to: folder("full.h5"))
        let other = #expect(throws: TrainingError.self) {
            try Checkpoint(folder("full.h5")).restore(trainer(17))
        }
        #expect(other?.description.contains("is not the data this run was started with") == true)

        try Checkpoint.write(trainer(16), to: folder("best.h5"), includingOptimizer: false)
        let best = #expect(throws: CheckpointError.self) {
            try Checkpoint(folder("best.h5")).restore(trainer(16))
        }
        #expect(best?.description.contains("without optimizer state") == true)

        let task = #expect(throws: CheckpointError.self) {
            try Checkpoint(folder("full.h5")).source(ofTask: "nli")
        }
        #expect(
            task?.description.hasSuffix(
                "its run has the tasks train, not the tasks nli: resume with the run's own recipe")
                == true)
        let objective = try EmbeddingObjective(
            CosineSimilarityLoss.self, data: TinyModel.scored(16), model: model)
        let renamed = try Trainer(
            model: model,
            tasks: [
                TrainingTask(
                    objective, name: "sts", sampler: ShuffledBatchSampler(batchSize: 8, seed: 1))
            ])
        let tasks = #expect(throws: CheckpointError.self) {
            try Checkpoint(folder("full.h5")).restore(renamed)
        }
        #expect(
            tasks?.description.contains("its run has the tasks train, not the tasks sts") == true)
    }
}
