import Foundation
import HDF5
import Kernels
import NeuralNetwork
import Serialization
import Tensors
import Tokenization

extension Checkpoint {
    /// Writes a checkpoint of a run: model, losses, optimizer and where the run stands.
    ///
    /// It is written beside `url` with a digest of all its bytes, flushed to disk and renamed, so that a
    /// checkpoint that was there stays whole until the new one is. Without the optimizer it is a third of
    /// the size and cannot be resumed.
    ///
    /// - Throws: `NonFiniteError` when a weight is NaN or infinite; nothing is written then.
    public static func write(
        _ trainer: Trainer, to url: URL, recipe: String = "", includingOptimizer: Bool = true
    ) throws {
        try write(
            trainer, to: url, CheckpointRecord(recipe: recipe),
            includingOptimizer: includingOptimizer)
    }

    static func write(
        _ trainer: Trainer, to url: URL, _ record: CheckpointRecord, includingOptimizer: Bool
    ) throws {
        try trainer.withSavedWeights {
            try writeSaved(trainer, to: url, record, includingOptimizer: includingOptimizer)
        }
    }

    private static func writeSaved(
        _ trainer: Trainer, to url: URL, _ record: CheckpointRecord, includingOptimizer: Bool
    ) throws {
        try trainer.model.allParameters.requireFinite()
        for task in trainer.tasks { try task.objective.module.parameters.requireFinite() }
        try write(to: url, version: trainer.model.adapters == nil ? 2 : 3) { root in
            if let adapters = trainer.model.adapters {
                try write(adapters, of: trainer.model, in: root)
            } else {
                try write(trainer.model, in: root)
            }
            let tasks = try root.createGroup("tasks")
            try tasks.attributes.set("names", to: trainer.tasks.map(\.name))
            for task in trainer.tasks { try write(task, in: tasks) }
            let training = try root.createGroup("training").attributes
            try training.set("state", to: json(trainer.state))
            try training.set("configuration", to: trainer.configuration.json)
            try record.write(to: training)
            try training.set("threads", to: ThreadPool.shared.count)
            try training.set("products", to: trainer.model.products)
            guard includingOptimizer else { return }
            try writeOptimizer(of: trainer, in: root)
            try writeWeights(of: trainer, in: root)
        }
    }

    /// Tries whether checkpoints of a run can be written to a folder, before the run depends on it: that HDF5
    /// can write there, and that there is room for one.
    ///
    /// - Throws: `CheckpointError.unwritable` or `CheckpointError.noRoom`.
    public static func tryWriting(_ trainer: Trainer, in folder: URL) throws {
        let trial = folder.appending(path: "trial.h5")
        // It may be there even if its folder could not be flushed.
        defer { unlink(trial.path) }
        do { try write(to: trial) { _ in } } catch {
            throw CheckpointError.unwritable(path: folder.path, reason: "\(error)")
        }
        let optimizer = trainer.optimizer
        let hasBase = trainer.model.adapters != nil
        let held = optimizer.parameters.filter { !(hasBase && $0.isFrozen) }
        let numbers =
            held.reduce(optimizer.bufferElementCount) { $0 + $1.shape.count }
            + (trainer.average?.elementCount ?? 0)
        let needed = numbers * MemoryLayout<Float>.stride
        var disk = statvfs()
        // Some network file systems do not say how large they are.
        guard statvfs(folder.path, &disk) == 0, disk.f_blocks > 0 else { return }
        let (free, overflows) = UInt64(disk.f_bavail).multipliedReportingOverflow(
            by: UInt64(disk.f_frsize))
        if !overflows, free < UInt64(needed) {
            throw CheckpointError.noRoom(path: folder.path, needed: needed, free: Int(free))
        }
    }

    /// How a model's weights are stored; each is read as the float32 that it is.
    public enum WeightType: String, CaseIterable, Sendable {
        /// As they are.
        case f32
        /// Each as the nearest number of float16: half the size, for slightly different embeddings.
        case f16
    }

    /// Writes a checkpoint of a model alone, its adapters merged.
    ///
    /// - Throws: `NonFiniteError` or `ModelError` when a weight or an embedding is not finite, and
    ///   `CheckpointError.aboveFloat16` when a weight is too large for ``WeightType/f16``; nothing is written then.
    public static func write(
        _ model: SentenceTransformer, to url: URL, type: WeightType = .f32
    ) throws {
        try model.requireFinite()
        try write(to: url) { root in
            try write(model, in: root, type: type)
            if let head = model.languageModelHead {
                try root.createGroup(headGroup).write(head.parameters)
            }
        }
    }

    private static func write(
        to url: URL, version: Int = 2, _ body: (borrowing Group) throws -> Void
    ) throws {
        try AtomicFile.write(to: url) { temporary in
            let file = try HDF5File(
                creating: temporary.path, withDigest: true, named: url.path)
            try file.root.attributes.set("format", to: formatName)
            try file.root.attributes.set("format_version", to: version)
            try file.root.attributes.set("producer", to: "Simile")
            try body(file.root)
            try file.close()
        }
    }

    private static func write(
        _ model: SentenceTransformer, in root: borrowing Group, type: WeightType = .f32
    ) throws {
        let group = try root.createGroup("model")
        try group.attributes.set("config", to: json(model.bert.configuration))
        try group.attributes.set("pooling", to: model.pooling.modes.map(\.rawValue))
        try group.attributes.set("pool_prompt", to: model.pooling.includesPrompt)
        try group.attributes.set("modules", to: json(model.modules))
        try group.attributes.set("settings", to: model.truncatedSettings.json)
        try group.attributes.set("max_seq_length", to: model.maxSequenceLength)
        for array in model.arrays {
            try array.withValues { values in
                switch type {
                case .f32: try group.write(values, shape: array.shape, as: array.name)
                case .f16:
                    for i in values.indices where Float16(values[i]).isInfinite {
                        throw CheckpointError.aboveFloat16(array: array.name, value: values[i])
                    }
                    try group.writeFloat16(values, shape: array.shape, as: array.name)
                }
            }
        }
        let tokenizer = try root.createGroup("tokenizer")
        try tokenizer.attributes.set("config", to: json(model.tokenizer.configuration))
        try tokenizer.attributes.set("added_tokens", to: json(model.tokenizer.addedTokens))
        try tokenizer.attributes.set("word_piece_count", to: model.tokenizer.wordPieceCount)
        try tokenizer.write(model.tokenizer.vocabulary.tokens, as: "vocabulary")
    }

    private static func write(_ task: TrainingTask, in tasks: borrowing Group) throws {
        let (module, data) = (task.objective.module, task.objective.data)
        let group = try tasks.createGroup(task.name)
        try group.attributes.set("loss", to: module.name)
        try group.attributes.set("settings", to: module.settings)
        try group.attributes.set("columns", to: module.context.columns)
        try group.attributes.set("label_width", to: module.context.labelWidth)
        if !module.context.classNames.isEmpty {
            try group.attributes.set("labels", to: module.context.classNames)
        }
        try group.attributes.set("data_digest", to: data.digest)
        try group.attributes.set("data_path", to: data.name)
        try group.write(module.parameters)
    }

    private static func writeOptimizer(of trainer: Trainer, in root: borrowing Group) throws {
        let optimizer = trainer.optimizer
        let group = try root.createGroup("optimizer")
        try group.attributes.set("name", to: type(of: optimizer).name)
        try group.attributes.set("settings", to: optimizer.configuration.json)
        try group.attributes.set("step", to: optimizer.stepCount)
        let prefixes = trainer.prefixes
        for buffer in optimizer.buffers {
            let arrays = try group.createGroup(buffer)
            for (index, parameter) in optimizer.parameters.enumerated() {
                for part in parameter.parts {
                    guard let shape = optimizer.bufferShape(buffer, of: index, part) else {
                        continue
                    }
                    try optimizer.withBuffer(buffer, of: index, part) {
                        (values) throws(HDF5Error) in
                        try arrays.write(
                            values.span, shape: shape.array, as: prefixes[index] + part.name)
                    }
                }
            }
        }
    }

    /// The weights that training goes on with, where the model's are their average.
    private static func writeWeights(of trainer: Trainer, in root: borrowing Group) throws {
        guard let average = trainer.average else { return }
        let arrays = try root.createGroup("weights")
        let prefixes = trainer.prefixes
        for (index, parameter) in trainer.optimizer.parameters.enumerated()
        where average.has(index) {
            for part in parameter.parts {
                try average.withOther(index, part) { (values) throws(HDF5Error) in
                    try arrays.write(
                        values.span, shape: part.shape.array, as: prefixes[index] + part.name)
                }
            }
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
