import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Support

/// What a run leaves when its steps are taken.
extension TrainingRun {
    /// Measures and writes the best model, or the last one when there was nothing to choose by.
    func finish(
        _ trainer: Trainer, _ saver: CheckpointSaver, _ measurements: RunMeasurements,
        _ log: RunLog?, _ record: RunRecord
    ) throws -> RunResults {
        let (model, modules, ownStep, unread) = try processes.together {
            self.best(of: trainer, saver)
        }
        let step = share(model, modules, ofStep: ownStep)
        model.processes = trainer.processes
        let losses = modules.compactMapValues { $0.loss as? any Loss }
        try applyPrompt(to: model)
        var adapters = Result<Void, any Error>.success(())
        try processes.inFirst { adapters = Result { try self.writeAdapters(of: model) } }
        // Merged weights are rounded: their figures are not those of the weights beside their adapters.
        let isMerged = model.adapters != nil
        model.mergeAdapters()
        var results = RunResults(trainer.state)
        for one in measurements.measure(model, losses, ofStep: isMerged ? nil : step) {
            let split = one.item.recipe.split
            results.add(
                split, one.item.evaluator.task, one.evaluation, interval: one.interval)
            for problem in one.evaluation.problems { note(.other("\(split): \(problem)")) }
        }
        results.details = record.details(seconds: log?.seconds ?? 0)
        let (finished, adaptersWritten) = (results, adapters)
        try processes.inFirst { [self] in
            try write(model, of: trainer, finished, adaptersWritten)
            log?.flush()
            if let problem = log?.problem ?? unread {
                throw RunError.unwritten(reason: problem, finished)
            }
            if let reason = saver.unsavedLast {
                throw RunError.notResumable(
                    step: trainer.state.step, model: folder.model.path, reason: reason, finished)
            }
        }
        return results
    }

    /// Writes the model and the figures.
    private func write(
        _ model: SentenceTransformer, of trainer: Trainer, _ results: RunResults,
        _ adapters: Result<Void, any Error>
    ) throws {
        let card = ModelCard(model, training(trainer, results))
        // Whatever fails, the rest is done.
        let written = Result { try model.write(to: folder.model, modelCard: card.text) }
        let recorded = Result { try folder.write(results.json, to: "results.json") }
        noteStartNotBeaten(trainer.state)
        do {
            try written.get()
            try adapters.get()
            try recorded.get()
        } catch { throw RunError.unwritten(reason: "\(error)", results) }
    }

    private func writeAdapters(of model: SentenceTransformer) throws {
        if model.adapters == nil { return }
        guard model.encoder == .bert else {
            return note(
                .other(
                    "no adapter/ folder: the base is a DistilBERT, whose layers PEFT knows by other names; model/ is complete"
                ))
        }
        try model.writeAdapters(to: folder.adapter)
        if recipe.setup.maxSequenceLength != nil {
            note(
                .other(
                    "adapter/ has no place for max_seq_length \(model.maxSequenceLength): with it, texts are cut as the base cuts them"
                ))
        }
        if URL(filePath: model.adapters?.base ?? "").pathExtension == "h5" {
            note(
                .other(
                    "adapter/ names a checkpoint as its base, which PEFT does not open; simile does, and model/ is complete"
                ))
        }
    }

    private func training(_ trainer: Trainer, _ results: RunResults) -> ModelCard.Training {
        var training = ModelCard.Training(
            losses: trainer.tasks.map { task in
                let data = task.objective.data
                return (
                    task.objective.module.typeName, data.count,
                    data.fileNames.map { URL(filePath: $0).lastPathComponent }
                )
            },
            configuration: recipe.training,
            optimizer: "\(recipe.optimizer.name), \(trainer.optimizer.configuration.json)")
        training.adapters = recipe.adapters
        training.results = results.groups
        training.before = results.before
        // The name of the folder that training began with; a checkpoint's, or a run's, says nothing.
        if let model = recipe.model.map({ URL(filePath: $0) }), model.pathExtension != "h5",
            model.lastPathComponent != "model"
        {
            training.baseModel = model.lastPathComponent
        }
        return training
    }

    /// A model with the losses and the step that belong to it.
    private typealias Delivered = (
        model: SentenceTransformer, losses: [String: LossModule], step: Int, unread: String?
    )

    /// The best model, or the last one when there was nothing to choose by, or when the best cannot be read: then with the
    /// reason.
    private func best(of trainer: Trainer, _ saver: CheckpointSaver) -> Delivered {
        let modules = Dictionary(
            uniqueKeysWithValues: trainer.tasks.map { ($0.name, $0.objective.module) })
        var last: Delivered = (trainer.model, modules, trainer.state.step, nil)
        guard let bestStep = trainer.state.bestStep else { return last }
        // The first process has the best one for all.
        if !writes { return (trainer.model, modules, bestStep, nil) }
        if let unsavedBest = saver.unsavedBest {
            unsavedBest.restore()
            return (last.model, last.losses, bestStep, nil)
        }
        do {
            let checkpoint = try Checkpoint(folder.best)
            let step = try checkpoint.state().step
            guard step == bestStep else {
                throw RunError.file("\(folder.best.path): of step \(step), not \(bestStep)")
            }
            if let adapters = trainer.model.adapters {
                let losses = try checkpoint.losses(for: trainer.model)
                let head = try checkpoint.languageModelHead(for: trainer.model.bert)
                try checkpoint.restore(adapters)
                trainer.model.languageModelHead = head
                return (trainer.model, losses, step, nil)
            }
            let model = try checkpoint.model()
            let losses = try checkpoint.losses(for: model)
            return (model, losses, step, nil)
        } catch {
            let said = "the best model cannot be read, so model/ holds the last one: \(error)"
            if FileManager.default.mayExist(atPath: folder.best.path) {
                last.unread =
                    "\(said). Resume the run to try again; if the last one will do, remove \(folder.best.path) first"
            } else {
                note(.other(said))
            }
            return last
        }
    }

    /// Says when training made nothing better, by the figure that chooses the best model.
    private func noteStartNotBeaten(_ state: TrainingState) {
        if state.bestStep == 0 {
            note(.other("no evaluation on dev beat the model before training, which is in model/"))
        } else if state.bestStep == nil, state.watchedBefore != nil {
            note(
                .other(
                    "what is watched fell too far in every evaluation: model/ holds the model of the last step; with start_may_win it would hold the one before training"
                ))
        }
        guard let before = state.scoreBefore, let best = state.bestScore, let step = state.bestStep,
            step > 0, state.beatsStart == false
        else { return }
        func figure(_ value: Double) -> String { String(format: "%.4f", value) }
        note(
            .other(
                "no evaluation on dev beat the model before training, which had \(figure(before)): the best has \(figure(best)), after step \(step), and is in model/"
            ))
    }
}
