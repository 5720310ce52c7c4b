import ArgumentParser
import Foundation
import Kernels
import Simile

/// A run of `train`: files in, trainer, files out.
final class TrainingRun {
    let recipe: Recipe
    private let folder: RunFolder
    private let isNew: Bool
    /// The checkpoint to go on from, until everything in it is read: an open file keeps its space on the disk
    /// when it is removed.
    private var latest: RunFolder.Latest?
    /// The best weights, when they could not be written to a checkpoint.
    private var unsavedBest: WeightsCopy?
    /// Why there is no checkpoint of the last step that was to have one.
    private var unsavedLast: (any Error)?

    /// A new run; the output folder must be new or empty.
    init(recipe: Recipe, output: String) throws {
        try recipe.validate()
        self.recipe = recipe
        folder = RunFolder(output)
        isNew = true
        latest = nil
    }

    /// A run that goes on from its latest checkpoint, or from its beginning if it ended before the first.
    init(resuming output: String) throws {
        folder = RunFolder(output)
        isNew = false
        latest = try folder.latest()
        recipe = try latest?.recipe ?? folder.recipe()
        try recipe.validate()
    }

    func execute(_ progress: Progress) throws {
        guard let modelPath = recipe.model else { return }
        let model = try latest?.model ?? startingModel(modelPath)
        if let length = recipe.maxSequenceLength {
            guard (3...model.bert.configuration.maxPositionEmbeddings).contains(length) else {
                throw CommandError.input(
                    "max_seq_length is \(length); expected 3...\(model.bert.configuration.maxPositionEmbeddings), the positions the model has"
                )
            }
            model.maxSequenceLength = length
        }
        try PromptOptions.apply(name: recipe.prompt, text: recipe.promptText, to: model)
        for name in recipe.freeze { try freeze(name, in: model) }
        let files = recipe.train.sources.map {
            PairSource($0.path, recipe.data.overlaid(with: $0.options))
        }
        if recipe.loss == SoftmaxLoss.name {
            let loss =
                try latest?.checkpoint.softmaxLoss(dimension: model.embeddingDimension)
                ?? SoftmaxLoss(
                    dimension: model.embeddingDimension, labels: recipe.data.labels.names,
                    source: .random(seed: recipe.training.seed))
            let (pairs, options) = try PairFiles.readLabelled(files, MainFile.self)
            try train(model, loss, pairs, options, progress)
        } else {
            let (pairs, options) = try PairFiles.readScored(files, MainFile.self)
            try train(model, CosineSimilarityLoss(), pairs, options, progress)
        }
    }

    /// The model that the run begins with, with the tokens that the recipe adds.
    private func startingModel(_ path: String) throws -> SentenceTransformer {
        let model = try ModelPath.open(path)
        return try recipe.addTokens.map { try TokenFile.add($0, to: model) } ?? model
    }

    /// Freezes the module or parameter of this name: `encoder.layer.1` is not `encoder.layer.10`.
    private func freeze(_ name: String, in model: SentenceTransformer) throws {
        let module = name.hasSuffix(".") ? String(name.dropLast()) : name
        let frozen = model.parameters.freeze { $0 == module || $0.hasPrefix(module + ".") }
        guard !frozen.isEmpty else {
            throw CommandError.input(
                "freeze: there is no module or parameter '\(module)' that can be frozen by itself; query, key and value can only be frozen together, as attention.self. 'simile inspect MODEL --parameters' lists the names"
            )
        }
        Console.note("frozen: \(frozen.count) arrays of \(module)")
    }

    private func train<L: Loss>(
        _ model: SentenceTransformer, _ loss: L, _ pairs: PairDataset<L.Label>,
        _ options: TrainingFileOptions?, _ progress: Progress
    ) throws {
        // Everything is read, checked and tried before the first step.
        let dev = try HeldOutPairs(
            recipe.dev, DevFile.self, recipe.devNLI, DevNLIFile.self, options, model.tokenizer)
        let test = try HeldOutPairs(
            recipe.test, TestFile.self, recipe.testNLI, TestNLIFile.self, options, model.tokenizer)
        let evaluator = try dev.evaluator(loss as? SoftmaxLoss)
        _ = try test.evaluator(loss as? SoftmaxLoss)
        let trainer = try Trainer(
            model: model, loss: loss, pairs: pairs, configuration: recipe.training)
        let isResumed = latest != nil
        if let latest {
            try latest.checkpoint.restore(trainer)
            Console.note("\(latest.checkpoint.path): going on after step \(trainer.state.step)")
            try noteOtherArithmetic(latest.checkpoint)
        } else if !isNew {
            Console.note("\(folder.path): no checkpoint yet; starting again with its recipe.yaml")
        }
        latest = nil
        noteShortWarmUp(trainer.schedule)
        try prepareFolder(for: trainer)
        let log = try RunLog(folder, after: isResumed ? trainer.state.step : nil)
        let outcome = try steps(trainer, evaluator, log, progress)
        if outcome == .stopped, unsavedLast == nil {
            Console.note(
                "stopped after step \(trainer.state.step); go on with: simile train --resume \(folder.path)"
            )
            throw ExitCode(130)
        }
        try finish(trainer, dev, test, progress)
    }

    /// Makes the folder of a new run, and tries what any run will need of it.
    private func prepareFolder<L: Loss>(for trainer: Trainer<L>) throws {
        if isNew { try folder.create(recipe: recipe.yaml()) }
        do { try folder.prepare(for: trainer) } catch {
            if isNew { folder.clear() }
            throw error
        }
    }

    /// Says when the warm-up is shorter than the recipe has it.
    private func noteShortWarmUp(_ schedule: LearningRateSchedule) {
        let ratio = recipe.training.warmupRatio
        let asked = LearningRateSchedule.warmupSteps(ratio: ratio, totalSteps: schedule.totalSteps)
        guard asked > schedule.warmupSteps else { return }
        Console.note(
            "warm-up: warmup_ratio \(ratio) is \(asked) of \(schedule.totalSteps) steps, which would leave none at the learning rate of \(schedule.peak); it takes \(schedule.warmupSteps)"
        )
    }

    /// Says when the run will not end in the bits in which it would have ended where it began.
    private func noteOtherArithmetic(_ checkpoint: Checkpoint) throws {
        let (products, own) = (try checkpoint.products(), GEMM.Engine.preferred.rawValue)
        let (threads, ownThreads) = (try checkpoint.threads(), ThreadPool.shared.count)
        if products != own {
            Console.note(
                "the run multiplied with \(products) kernels and goes on with \(own) ones ('simile doctor' shows why): its last bits may differ"
            )
        } else if own == GEMM.Engine.library.rawValue, threads != ownThreads {
            Console.note(
                "the run had \(threads) threads and goes on with \(ownThreads): its last bits may differ (--threads \(threads) avoids that)"
            )
        }
    }

    /// Takes the steps that are left.
    private func steps<L: Loss>(
        _ trainer: Trainer<L>, _ evaluator: (any Evaluator)?, _ log: RunLog, _ progress: Progress
    ) throws -> TrainingOutcome {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let recipeJSON = String(decoding: try encoder.encode(recipe), as: UTF8.self)
        Interruption.install()
        defer { Console.endProgress() }
        defer { log.flush() }
        do {
            return try trainer.run(
                evaluator: evaluator,
                save: { isBest in
                    // First, so that a run that goes on from the checkpoint finds every row before it.
                    log.flush()
                    return self.save(trainer, isBest: isBest, recipeJSON)
                },
                onEvent: { event in
                    progress.handle(event, trainer.state)
                    log.handle(event, trainer.state)
                    return Interruption.isRequested ? .stop : .proceed
                })
        } catch let error as TrainingError {
            throw CommandError.diverged(error, kept: folder.kept(bestStep: trainer.state.bestStep))
        }
    }

    /// Writes a checkpoint and returns its path; when that fails the run goes on, and nil is returned.
    private func save<L: Loss>(_ trainer: Trainer<L>, isBest: Bool, _ recipe: String) -> String? {
        let step = trainer.state.step
        let url = isBest ? folder.best : folder.checkpoint(step: step)
        do {
            try Checkpoint.write(trainer, to: url, recipe: recipe, includingOptimizer: !isBest)
        } catch {
            Console.note("step \(step): no checkpoint, but the run goes on: \(error)")
            if isBest {
                unsavedBest = WeightsCopy(of: trainer)
            } else {
                unsavedLast = error
            }
            return nil
        }
        if isBest {
            unsavedBest = nil
        } else {
            unsavedLast = nil
            folder.removeCheckpoints(upTo: step, keeping: self.recipe.training.keepLast)
        }
        return url.path
    }

    /// Measures and writes the best model, or the last one when there was nothing to choose by.
    private func finish<L: Loss>(
        _ trainer: Trainer<L>, _ dev: HeldOutPairs, _ test: HeldOutPairs, _ progress: Progress
    ) throws {
        let (model, loss) = best(of: trainer)
        try PromptOptions.apply(name: recipe.prompt, text: recipe.promptText, to: model)
        var results = Results(trainer.state)
        for (split, pairs) in [("dev", dev), ("test", test)] {
            do {
                if let evaluator = try pairs.evaluator(loss) {
                    let evaluation = try evaluator.evaluate(model)
                    results.add(split, evaluation)
                    for problem in evaluation.problems { Console.note("\(split): \(problem)") }
                }
            } catch {
                // The model is worth keeping all the same.
                Console.note("\(split): no evaluation: \(error)")
            }
        }
        let card = ModelCard(
            model, loss: "\(L.self)", pairs: trainer.pairs.count, configuration: recipe.training,
            results: results.figures, before: results.before, baseModel: baseModel,
            data: trainer.pairs.fileNames.map { URL(filePath: $0).lastPathComponent }
                .joined(separator: ", "))
        // Whatever fails, the rest is done. The figures come last: perhaps nobody is there to read them.
        let written = Result { try model.write(to: folder.model, modelCard: card.text) }
        let recorded = Result { try folder.write(results.json(), to: "results.json") }
        noteStartNotBeaten(trainer.state)
        if case .success = written {
            Console.note(
                "model        \(folder.model.path)\ncheckpoints  \(folder.checkpoints.path)")
        }
        let shown = Result { try progress.finished(results) }
        try written.get()
        try recorded.get()
        if let unsavedLast {
            throw CommandError.notResumable(
                step: trainer.state.step, model: folder.model.path, reason: "\(unsavedLast)")
        }
        try shown.get()
    }

    /// The best model with its classifier, or the last one when there was nothing to choose by.
    private func best<L: Loss>(
        of trainer: Trainer<L>
    ) -> (model: SentenceTransformer, loss: SoftmaxLoss?) {
        let last = (model: trainer.model, loss: trainer.loss as? SoftmaxLoss)
        guard let bestStep = trainer.state.bestStep else { return last }
        if let unsavedBest {
            unsavedBest.restore()
            return last
        }
        do {
            let checkpoint = try Checkpoint(folder.best)
            let step = try checkpoint.state().step
            guard step == bestStep else {
                throw CommandError.input("\(folder.best.path): of step \(step), not \(bestStep)")
            }
            let model = try checkpoint.model()
            let loss = try last.loss.map { _ in
                try checkpoint.softmaxLoss(dimension: model.embeddingDimension)
            }
            return (model, loss)
        } catch {
            Console.note("the best model cannot be read, so model/ holds the last one: \(error)")
            return last
        }
    }

    /// Says when training made nothing better, by the figure that chooses the best model.
    private func noteStartNotBeaten(_ state: TrainingState) {
        guard let before = state.scoreBefore, let best = state.bestScore, let step = state.bestStep,
            state.beatsStart == false
        else { return }
        Console.note(
            "no evaluation on dev beat the model before training, which had \(before.fixed(4)): the best has \(best.fixed(4)), after step \(step), and is in model/"
        )
    }

    /// The name of the folder that training began with; a checkpoint's, or a run's, says nothing.
    private var baseModel: String? {
        guard let model = recipe.model.map({ URL(filePath: $0) }), model.pathExtension != "h5",
            model.lastPathComponent != "model"
        else { return nil }
        return model.lastPathComponent
    }
}

/// The pairs of one split that are not trained on.
private struct HeldOutPairs {
    private let scored: PairDataset<Float>?
    private let labelled: PairDataset<Int32>?

    init<S: PairFileRole, L: PairFileRole>(
        _ scored: PairSources, _ scoredRole: S.Type, _ labelled: PairSources,
        _ labelledRole: L.Type,
        _ training: TrainingFileOptions?, _ tokenizer: BertTokenizer
    ) throws {
        self.scored =
            scored.isEmpty
            ? nil
            : try PairFiles.readScored(scored.sources, scoredRole, training: training).pairs
        self.labelled =
            labelled.isEmpty
            ? nil
            : try PairFiles.readLabelled(labelled.sources, labelledRole, training: training).pairs
        try self.scored?.requireTokens(of: tokenizer)
        try self.labelled?.requireTokens(of: tokenizer)
    }

    /// Measures both kinds of pairs, or nil when there are none; the first one's primary figure chooses
    /// the best model.
    func evaluator(_ loss: SoftmaxLoss?) throws -> (any Evaluator)? {
        var all: [any Evaluator] = []
        if let scored { all.append(try EmbeddingSimilarityEvaluator(scored)) }
        if let labelled, let loss { all.append(LabelAccuracyEvaluator(labelled, loss: loss)) }
        return all.isEmpty ? nil : Evaluators(all)
    }
}

/// The weights of a model and its loss at some step.
private struct WeightsCopy {
    private let values: [(parameter: Parameter, tensor: Tensor)]

    init<L: Loss>(of trainer: Trainer<L>) {
        values = (Array(trainer.model.parameters) + Array(trainer.loss.parameters))
            .map { ($0, $0.tensor) }
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
