import Foundation
import Tensors

/// Writes a run's checkpoints: of the best model, at intervals, after each epoch and at the end.
///
/// One that cannot be written ends nothing: the best weights are then kept in memory and tried again with the next
/// checkpoint, and of the last step it is remembered why it has none.
///
/// Of several processes the first one writes, and the others wait for it.
final class CheckpointSaver: TrainingCallback {
    /// What is written to; nil in a process that writes nothing.
    private let files: RunFiles?
    private let note: (TrainingNote) -> Void
    private var savedStep: Int
    /// The best weights, when they could not be written.
    private(set) var unsavedBest: WeightsCopy?
    /// Where the run stood then.
    private var unsavedState = TrainingState()
    /// Why there is no checkpoint of the last step that was to have one.
    private(set) var unsavedLast: String?

    /// Saves to a run's folder; `savedStep` is the step that a resumed run goes on from.
    init(_ files: RunFiles?, savedStep: Int, note: @escaping (TrainingNote) -> Void) {
        self.files = files
        self.savedStep = savedStep
        self.note = note
    }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) throws -> TrainingControl {
        switch event {
        case .evaluated(_, isBest: true): try save(trainer, isBest: true)
        case .stepped(let step):
            if step.isEpochEnd || trainer.isDue(trainer.configuration.saveEvery) {
                try save(trainer, isBest: false)
            }
        case .ended where savedStep != trainer.state.step: try save(trainer, isBest: false)
        // A process that went on from the last step may have been ended before it removed the others.
        case .ended: files.map { removeOthers(trainer, $0) }
        default: break
        }
        return .proceed
    }

    private func save(_ trainer: Trainer, isBest: Bool) throws {
        if !isBest {
            try trainer.processes.inFirst { self.files.map { self.retryBest(trainer, $0) } }
        }
        try trainer.requireSoundModel()
        try trainer.requireEqualWeights()
        if !isBest { savedStep = trainer.state.step }
        try trainer.processes.inFirst { try self.write(trainer, isBest: isBest) }
    }

    private func write(_ trainer: Trainer, isBest: Bool) throws {
        guard let files else { return }
        try trainer.post(.saving)
        let url = isBest ? files.folder.best : files.folder.checkpoint(step: trainer.state.step)
        do {
            var record = files.record
            record.logs = files.log.digests
            try Checkpoint.write(trainer, to: url, record, includingOptimizer: !isBest)
        } catch {
            if isBest {
                unsavedBest = trainer.withSavedWeights { WeightsCopy(of: trainer) }
                unsavedState = trainer.state
            } else {
                unsavedLast = "\(error)"
            }
            return try trainer.post(.notSaved(reason: "\(error)"))
        }
        if isBest {
            unsavedBest = nil
        } else {
            unsavedLast = nil
            removeOthers(trainer, files)
        }
        try trainer.post(.saved(path: url.path))
    }

    /// Tries again to write the best model, so that a run that is cut short after this has it.
    private func retryBest(_ trainer: Trainer, _ files: RunFiles) {
        guard let best = unsavedBest else { return }
        let state = trainer.state
        trainer.withSavedWeights {
            let weights = WeightsCopy(of: trainer)
            best.restore()
            trainer.state = unsavedState
            defer {
                weights.restore()
                trainer.state = state
            }
            // Why it could not be written was said when it was new.
            let written: Void? = try? Checkpoint.write(
                trainer, to: files.folder.best, files.record, includingOptimizer: false)
            if written != nil { unsavedBest = nil }
        }
    }

    private func removeOthers(_ trainer: Trainer, _ files: RunFiles) {
        let left = files.folder.removeCheckpoints(
            upTo: savedStep, keeping: trainer.configuration.keepLast)
        for problem in left { note(.other(problem)) }
    }
}

/// What a run writes as it goes.
struct RunFiles {
    let folder: RunFolder
    let log: RunLog
    /// Other logs.
    let others: [any TrainingCallback]
    /// What checkpoints say of the run.
    let record: CheckpointRecord
}

/// The weights of a model and its losses at some step, as far as they are trained.
struct WeightsCopy {
    private let values: [(parameter: Parameter, tensor: Tensor)]

    init(of trainer: Trainer) {
        values = trainer.optimizer.parameters.filter { !$0.isFrozen }.map { ($0, $0.tensor) }
    }

    /// Puts the weights back where they were taken from.
    func restore() {
        for (parameter, tensor) in values {
            for part in parameter.parts {
                tensor.withSpan { saved in
                    parameter.setValues(of: part) { values in
                        for i in 0..<values.count { values[i] = saved[part.offset + i] }
                    }
                }
            }
        }
    }
}
