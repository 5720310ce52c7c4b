import HDF5
import Losses
import ModelLayout
import NeuralNetwork
import Tensors

/// What a checkpoint holds of a run besides the model.
extension Checkpoint {
    /// The losses that the model was trained with, by the name of their task; none when it was saved alone.
    ///
    /// - Parameter model: The checkpoint's model.
    /// - Throws: `CheckpointError.invalid` when a loss cannot be understood.
    public func losses(for model: SentenceTransformer) throws -> [String: LossModule] {
        var modules: [String: LossModule] = [:]
        for task in try taskNames() {
            let attributes = try group(ofTask: task).attributes
            let isOld = try !attributes.contains("settings")
            let context = LossContext(
                dimension: model.wholeDimension,
                columns: isOld ? 2 : try attributes.value("columns"),
                classNames: try attributes.contains("labels") ? attributes.strings("labels") : [],
                labelWidth: isOld ? 1 : try attributes.value("label_width"),
                encoder: EncoderContext(model))
            do {
                let module = try LossModule(
                    named: try attributes.string(isOld ? "name" : "loss"),
                    settings: isOld ? "{}" : try attributes.string("settings"), context: context,
                    source: try source(ofTask: task))
                try module.parameters.validate()
                modules[task] = module
            } catch let error as LossError {
                throw CheckpointError.invalid(
                    path: path, entry: "the loss of the task \(task)", reason: "\(error)")
            }
        }
        return modules
    }

    /// The weights of the head that predicts tokens: that of a model saved alone, or of the last task that trains one;
    /// nil when there is none.
    func languageModelHead() throws -> (any WeightReader)? {
        if try file.root.contains(Self.headGroup) {
            return try CheckpointWeights(
                file.root.group(named: Self.headGroup), source: "\(path) /\(Self.headGroup)")
        }
        for task in try taskNames().reversed() {
            let name = try group(ofTask: task).attributes
            guard try name.contains("loss"),
                try name.string("loss") == MaskedLanguageModelLoss.name
            else { continue }
            return try CheckpointWeights(group(ofTask: task), source: "\(path) task \(task)")
        }
        return nil
    }

    /// The head that predicts tokens, for an encoder; nil when there is none.
    func languageModelHead(for bert: Bert) throws -> MaskedLanguageModelHead? {
        try languageModelHead().map { try MaskedLanguageModelHead(reading: $0, of: bert) }
    }

    /// Whether the checkpoint is of a training run, and not of a model alone.
    public var isOfRun: Bool { (try? file.root.contains("training")) == true }

    /// The weights of a task's loss.
    ///
    /// - Throws: `CheckpointError.otherTasks` when the checkpoint has no such task.
    public func source(ofTask task: String) throws -> ParameterSource {
        .weights(try CheckpointWeights(group(ofTask: task), source: "\(path) task \(task)"))
    }

    /// Puts a trainer, made with this checkpoint's model, losses and configuration, where the run stood.
    ///
    /// - Throws: `CheckpointError`, and `TrainingError.otherData` when the training rows are not the same.
    public func restore(_ trainer: Trainer) throws {
        guard try file.root.contains("optimizer") else {
            throw CheckpointError.noOptimizer(path: path)
        }
        let names = try taskNames()
        guard names == trainer.tasks.map(\.name) else {
            throw CheckpointError.otherTasks(
                path: path, found: names, expected: trainer.tasks.map(\.name))
        }
        for task in trainer.tasks { try check(task) }
        let group = try file.root.group(named: "optimizer")
        let optimizer = trainer.optimizer
        let name = try group.attributes.string("name")
        // The first version had one optimizer, and wrote its name otherwise.
        guard name.lowercased() == type(of: optimizer).name else {
            throw CheckpointError.otherOptimizer(
                path: path, found: name, expected: type(of: optimizer).name)
        }
        let state = try self.state()
        let steps = try group.attributes.value("step", as: Int.self)
        var buffers: [String: CheckpointWeights] = [:]
        for buffer in optimizer.buffers {
            buffers[buffer] = try CheckpointWeights(
                group.group(named: buffer), source: "\(path) /optimizer/\(buffer)")
        }
        let prefixes = try isVersionOfOneTask() ? nil : trainer.prefixes
        try optimizer.restore(stepCount: steps) { buffer, index, part, values in
            let name = (prefixes?[index] ?? "") + part.name
            let shape = optimizer.bufferShape(buffer, of: index, part)
            guard let arrays = buffers[buffer], arrays.shape(of: name) == shape?.array else {
                throw CheckpointError.invalid(
                    path: path, entry: "/optimizer/\(buffer)/\(name)",
                    reason: "expected shape \(shape.map { "\($0)" } ?? "of no array")")
            }
            try arrays.read(name, into: &values)
        }
        try restoreWeights(trainer, prefixes)
        trainer.state = state
    }

    /// Puts back the weights that training goes on with, where the model's are their average.
    private func restoreWeights(_ trainer: Trainer, _ prefixes: [String]?) throws {
        guard let average = trainer.average else { return }
        guard try file.root.contains("weights") else {
            throw CheckpointError.invalid(
                path: path, entry: "/weights", reason: "not there, but its run averages weights")
        }
        let arrays = try CheckpointWeights(
            file.root.group(named: "weights"), source: "\(path) /weights")
        for (index, parameter) in trainer.optimizer.parameters.enumerated()
        where average.has(index) {
            for part in parameter.parts {
                let name = (prefixes?[index] ?? "") + part.name
                guard arrays.shape(of: name) == part.shape.array else {
                    throw CheckpointError.invalid(
                        path: path, entry: "/weights/\(name)",
                        reason: "expected shape \(part.shape)")
                }
                try average.withOther(index, part) { try arrays.read(name, into: &$0) }
            }
        }
        average.wasRestored()
    }

    private func check(_ task: TrainingTask) throws {
        let group =
            try isVersionOfOneTask()
            ? file.root.group(named: "training") : self.group(ofTask: task.name)
        let (digest, data) = (
            try group.attributes.value("data_digest", as: UInt64.self), task.objective.data
        )
        guard digest == data.digest else {
            throw TrainingError.otherData(
                path: data.name, found: String(data.digest, radix: 16),
                expected: String(digest, radix: 16))
        }
    }

    /// Whether the file is of the time when a run had one task, without a name.
    private func isVersionOfOneTask() throws -> Bool { try file.root.contains("loss") }

    private func taskNames() throws -> [String] {
        if try isVersionOfOneTask() { return [TrainingTask.onlyName] }
        guard try file.root.contains("tasks") else { return [] }
        return try file.root.group(named: "tasks").attributes.strings("names")
    }

    private func group(ofTask task: String) throws -> Group {
        if try isVersionOfOneTask() { return try file.root.group(named: "loss") }
        let tasks = try file.root.group(named: "tasks")
        guard try tasks.contains(task) else {
            throw CheckpointError.otherTasks(
                path: path, found: try tasks.childNames(), expected: [task])
        }
        return try tasks.group(named: task)
    }
}

extension Trainer {
    /// What the names of the optimizer's arrays begin with in a checkpoint: nothing for the model's, the task for those
    /// of its loss.
    var prefixes: [String] {
        model.allParameters.map { _ in "" }
            + tasks.flatMap { task in task.objective.module.parameters.map { _ in task.name + ":" }
            }
    }
}
