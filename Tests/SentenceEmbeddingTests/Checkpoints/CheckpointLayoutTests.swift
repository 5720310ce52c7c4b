import ExampleFiles
import Foundation
import HDF5
import JSON
import Losses
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Where what is in a checkpoint, as `Checkpoints/FORMAT.md` says it.
@Suite struct CheckpointLayoutTests {
    /// Weights of float16 take half the size and are read as what they were rounded to.
    @Test func weightsOfFloat16() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make(normalizes: true)
        try Checkpoint.write(model, to: folder("whole.h5"))
        try Checkpoint.write(model, to: folder("half.h5"), type: .f16)
        let read = try SentenceTransformer(path: folder("half.h5").path)
        for array in read.arrays {
            let own = try model.values(of: array.name).values
            #expect(
                try read.values(of: array.name).values == own.map { Float(Float16($0)) },
                "\(array.name)")
        }
        try Checkpoint.write(read, to: folder("again.h5"), type: .f16)
        #expect(try Data(contentsOf: folder("again.h5")) == Data(contentsOf: folder("half.h5")))
        #expect(
            try Data(contentsOf: folder("half.h5")).count
                < Data(contentsOf: folder("whole.h5")).count * 3 / 4)

        let table = try #require(model.parameters.first { !$0.parts.isEmpty })
        table.setValues(of: table.parts[0]) { $0[0] = 65520 }
        #expect(throws: CheckpointError.self) {
            try Checkpoint.write(model, to: folder("large.h5"), type: .f16)
        }
        #expect(!FileManager.default.fileExists(atPath: folder("large.h5").path))
    }

    private let folder = TemporaryFolder()

    private func strings(_ group: borrowing Group) throws -> Set<String> {
        Set(try group.attributes.names())
    }

    @Test func tasks() throws {
        let trainer = try TinyTasks.trainer()
        try Checkpoint.write(trainer, to: folder("a.h5"), recipe: "{}")
        let file = try HDF5File(opening: folder("a.h5").path)
        #expect(
            Set(try file.root.childNames())
                == ["model", "tokenizer", "tasks", "optimizer", "training"])
        #expect(try file.root.group(named: "tasks").childNames().sorted() == ["kd", "nli"])
        let nli = try file.root.group(named: "tasks/nli")
        #expect(
            try strings(nli) == [
                "loss", "settings", "columns", "label_width", "labels", "data_digest", "data_path",
            ])
        #expect(try nli.attributes.string("loss") == "softmax")
        #expect(try nli.attributes.string("data_path") == "labelled.tsv")
        #expect(
            try nli.attributes.value("data_digest", as: UInt64.self)
                == TinyModel.labelled(40).digest)
        #expect(try nli.attributes.value("columns", as: Int.self) == 2)
        #expect(try nli.attributes.value("label_width", as: Int.self) == 1)
        #expect(try nli.attributes.strings("labels") == TinyModel.labels)
        #expect(try nli.childNames().sorted() == ["classifier.bias", "classifier.weight"])
        #expect(try nli.dataset(named: "classifier.weight").shape == [3, 96])

        let kd = try file.root.group(named: "tasks/kd")
        #expect(
            try strings(kd) == [
                "loss", "settings", "columns", "label_width", "data_digest", "data_path",
            ])
        #expect(try kd.attributes.string("loss") == "embed_distill")
        #expect(
            try kd.attributes.string("settings")
                == #"{"distance_metric":"mse","projection_dim":6,"projection_init":"random"}"#)
        #expect(try kd.attributes.value("columns", as: Int.self) == 1)
        #expect(try kd.attributes.value("label_width", as: Int.self) == 6)
        #expect(try kd.childNames().sorted() == ["projection.bias", "projection.weight"])

        let training = try file.root.group(named: "training")
        #expect(
            try strings(training)
                == [
                    "state", "configuration", "recipe", "held_out", "logs", "threads",
                    "products",
                ])
        #expect(
            try training.attributes.string("configuration") == trainer.configuration.json)
    }

    @Test func optimizer() throws {
        let model = try TinyModel.make()
        let frozen = Set(model.parameters.freeze { $0.hasPrefix("encoder.layer.0.") })
        let trainer = try Trainer(
            model: model,
            tasks: TinyTasks.tasks(TinyTasks.losses(model) { _ in .random(seed: 1) }),
            configuration: TinyTasks.configuration())
        try trainer.run([OnEvent(stopAfter: 3)])
        try Checkpoint.write(trainer, to: folder("a.h5"))
        let file = try HDF5File(opening: folder("a.h5").path)
        let optimizer = try file.root.group(named: "optimizer")
        #expect(try strings(optimizer) == ["name", "settings", "step"])
        #expect(try optimizer.attributes.string("name") == "adamw")
        #expect(try optimizer.attributes.value("step", as: Int.self) == 3)
        #expect(
            try JSONValue(parsing: optimizer.attributes.string("settings").utf8)["weight_decay"]
                != nil)
        #expect(try optimizer.childNames().sorted() == ["exp_avg", "exp_avg_sq"])
        let own = model.parameters.flatMap { $0.parts.map(\.name) }
        let expected =
            own.filter { !frozen.contains($0) }
            + ["nli:classifier.weight", "nli:classifier.bias"]
            + ["kd:projection.weight", "kd:projection.bias"]
        #expect(!frozen.isEmpty && expected.count > 20)
        for buffer in ["exp_avg", "exp_avg_sq"] {
            let group = try optimizer.group(named: buffer)
            #expect(Set(try group.childNames()) == Set(expected))
            #expect(try group.dataset(named: "nli:classifier.weight").shape == [3, 96])
        }
        // What is frozen is there as weights all the same.
        let weights = try file.root.group(named: "model").childNames()
        #expect(Set(weights) == Set(own))
    }

    /// A resumed run whose frozen arrays have no buffers in the file.
    @Test func aRunWithFrozenLayersIsResumed() throws {
        func trainer(_ model: SentenceTransformer, _ losses: [LossModule]) throws -> Trainer {
            model.parameters.freeze {
                $0.hasPrefix("embeddings.") || $0.hasPrefix("encoder.layer.0.")
            }
            return try Trainer(
                model: model, tasks: TinyTasks.tasks(losses),
                configuration: TinyTasks.configuration())
        }
        func start() throws -> Trainer {
            let model = try TinyModel.make()
            return try trainer(model, TinyTasks.losses(model) { _ in .random(seed: 1) })
        }
        let whole = try start()
        try whole.run()
        let first = try start()
        try first.run([OnEvent(stopAfter: 6)])
        try Checkpoint.write(first, to: folder("a.h5"))
        let checkpoint = try Checkpoint(folder("a.h5"))
        let model = try checkpoint.model()
        let modules = try checkpoint.losses(for: model)
        let second = try trainer(model, TinyTasks.names.compactMap { modules[$0] })
        try checkpoint.restore(second)
        try second.run()
        #expect(model.parameters.bits == whole.model.parameters.bits)
    }

    // MARK: - As it was written before runs had tasks

    /// A run of one loss, in the layout of then, goes on to the same bits.
    @Test func theFormerLayoutIsResumed() throws {
        func start() throws -> Trainer {
            try TinyModel.softmaxTrainer(
                TinyModel.make(), TinyModel.labelled(40), TinyTasks.configuration())
        }
        let whole = try start()
        try whole.run()
        let first = try start()
        try first.run([OnEvent(stopAfter: 6)])
        try Checkpoint.write(first, to: folder("new.h5"), recipe: #"{"loss":"softmax"}"#)
        try FormerLayout.write(folder("new.h5"), to: folder("old.h5"))

        let checkpoint = try Checkpoint(folder("old.h5"))
        let model = try checkpoint.model()
        let modules = try checkpoint.losses(for: model)
        #expect(Array(modules.keys) == [TrainingTask.onlyName])
        let module = try #require(modules[TrainingTask.onlyName])
        #expect(module.name == "softmax")
        #expect(module.context.classNames == TinyModel.labels)
        let second = try Trainer(
            model: model, objective: EmbeddingObjective(module, data: TinyModel.labelled(40)),
            configuration: checkpoint.configuration())
        try checkpoint.restore(second)
        #expect(second.state.step == 6)
        try second.run()
        #expect(model.parameters.bits == whole.model.parameters.bits)
        #expect(
            module.parameters.bits == whole.tasks[0].objective.module.parameters.bits)

        let other = try Trainer(
            model: model, objective: EmbeddingObjective(module, data: TinyModel.labelled(39)),
            configuration: checkpoint.configuration())
        let error = #expect(throws: TrainingError.self) { try checkpoint.restore(other) }
        #expect(error?.description.contains("is not the data this run was started with") == true)
        let several = #expect(throws: CheckpointError.self) {
            try checkpoint.restore(TinyTasks.trainer())
        }
        #expect(several?.description.contains("its run has the tasks train, not") == true)
    }
}

/// Rewrites a checkpoint of one task as one of the time when a run had one loss, at `/loss`.
enum FormerLayout {
    static func write(_ new: URL, to url: URL) throws {
        let source = try HDF5File(opening: new.path)
        let file = try HDF5File(creating: url.path, withDigest: true)
        try copyAttributes(source.root, to: file.root)
        for name in ["model", "tokenizer"] {
            let group = try source.root.group(named: name)
            let copy = try file.root.createGroup(name)
            try copyAttributes(group, to: copy)
            try copyArrays(group, to: copy)
        }
        let task = try source.root.group(named: "tasks/" + TrainingTask.onlyName)
        let loss = try file.root.createGroup("loss")
        try loss.attributes.set("name", to: task.attributes.string("loss"))
        try loss.attributes.set("labels", to: task.attributes.strings("labels"))
        try copyArrays(task, to: loss)

        let optimizer = try source.root.group(named: "optimizer")
        let former = try file.root.createGroup("optimizer")
        try former.attributes.set("name", to: "AdamW")
        try former.attributes.set("step", to: optimizer.attributes.value("step", as: Int.self))
        for buffer in try optimizer.childNames() {
            try copyArrays(
                optimizer.group(named: buffer), to: former.createGroup(buffer),
                droppingPrefix: TrainingTask.onlyName + ":")
        }
        let training = try source.root.group(named: "training")
        let formerTraining = try file.root.createGroup("training")
        try copyAttributes(training, to: formerTraining)
        try formerTraining.attributes.set(
            "data_digest", to: task.attributes.value("data_digest", as: UInt64.self))
        try formerTraining.attributes.set("data_path", to: task.attributes.string("data_path"))
        try file.close()
    }

    private static func copyAttributes(
        _ group: borrowing Group, to copy: borrowing Group
    ) throws {
        let (from, into) = (group.attributes, copy.attributes)
        for name in try from.names() {
            if let text = try? from.string(name) {
                try into.set(name, to: text)
            } else if let texts = try? from.strings(name) {
                try into.set(name, to: texts)
            } else if let flag = try? from.bool(name) {
                try into.set(name, to: flag)
            } else {
                try into.set(name, to: from.value(name, as: Int.self))
            }
        }
    }

    private static func copyArrays(
        _ group: borrowing Group, to copy: borrowing Group, droppingPrefix prefix: String = ""
    ) throws {
        for name in try group.childNames() {
            let dataset = try group.dataset(named: name)
            let former = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            if dataset.elementType == .string {
                try copy.write(try dataset.readStrings(), as: former)
            } else {
                try copy.write(
                    try dataset.read(as: Float.self), shape: dataset.shape, as: former)
            }
        }
    }
}
