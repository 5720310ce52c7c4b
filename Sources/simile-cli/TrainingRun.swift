import ArgumentParser
import Foundation
import Kernels
import Simile

/// A run of `train`: files in, trainer, files out.
struct TrainingRun {
    let recipe: Recipe
    private let folder: RunFolder
    private let isNew: Bool
    private let latest: RunFolder.Latest?

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
    }

    func execute(_ progress: Progress) throws {
        guard let modelPath = recipe.model, let trainPath = recipe.train else { return }
        let model = try latest?.model ?? SentenceTransformer(path: ModelPath.resolve(modelPath))
        if let length = recipe.maxSequenceLength {
            guard (3...model.bert.configuration.maxPositionEmbeddings).contains(length) else {
                throw CommandError.input(
                    "max_seq_length is \(length); expected 3...\(model.bert.configuration.maxPositionEmbeddings), the positions the model has"
                )
            }
            model.maxSequenceLength = length
        }
        for name in recipe.freeze { try freeze(name, in: model) }
        if recipe.loss == SoftmaxLoss.name {
            let loss =
                try latest?.checkpoint.softmaxLoss(dimension: model.embeddingDimension)
                ?? SoftmaxLoss(
                    dimension: model.embeddingDimension, labels: recipe.data.labels.names,
                    source: .random(seed: recipe.training.seed))
            try train(
                model, loss, PairFileArguments.readLabelled(trainPath, recipe.data), progress)
        } else {
            try train(
                model, CosineSimilarityLoss(), PairFileArguments.readScored(trainPath, recipe.data),
                progress)
        }
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
        _ progress: Progress
    ) throws {
        // Everything is read and checked before the first step, and before anything is written.
        let dev = try HeldOutPairs(recipe.dev, recipe.devNLI, recipe.data)
        let test = try HeldOutPairs(recipe.test, recipe.testNLI, recipe.data)
        let evaluator = try dev.evaluator(loss as? SoftmaxLoss)
        _ = try test.evaluator(loss as? SoftmaxLoss)
        let trainer = try Trainer(
            model: model, loss: loss, pairs: pairs, configuration: recipe.training)
        if let latest {
            try latest.checkpoint.restore(trainer)
            Console.note("\(latest.checkpoint.path): going on after step \(trainer.state.step)")
            try noteOtherArithmetic(latest.checkpoint)
        } else if isNew {
            try folder.create()
            try folder.write(recipe.yaml(), to: RunFolder.recipeName)
        } else {
            Console.note("\(folder.path): no checkpoint yet; starting again with its recipe.yaml")
        }
        let log = try RunLog(folder, from: trainer.state.step)
        if latest == nil, let evaluator {
            progress.evaluated("before training, dev", try evaluator.evaluate(model))
        }
        let outcome = try steps(trainer, evaluator, log, progress)
        if outcome == .stopped {
            Console.note(
                "stopped after step \(trainer.state.step); go on with: simile train --resume \(folder.path)"
            )
            throw ExitCode(130)
        }
        try finish(trainer, dev, test, progress)
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
        let outcome = try trainer.run(
            evaluator: evaluator,
            save: { isBest in
                // First, so that a run that goes on from the checkpoint finds every row before it.
                try log.flush()
                let url = isBest ? folder.best : folder.checkpoint(step: trainer.state.step)
                try Checkpoint.write(
                    trainer, to: url, recipe: recipeJSON, includingOptimizer: !isBest)
                if !isBest { try folder.removeCheckpoints(keeping: recipe.training.keepLast) }
                return url.path
            },
            onEvent: { event in
                progress.handle(event, trainer.state)
                log.handle(event, trainer.state)
                return Interruption.isRequested ? .stop : .proceed
            })
        try log.flush()
        return outcome
    }

    /// Measures and writes the best model, or the last one when there was nothing to choose by.
    private func finish<L: Loss>(
        _ trainer: Trainer<L>, _ dev: HeldOutPairs, _ test: HeldOutPairs, _ progress: Progress
    ) throws {
        let hasBest = trainer.state.bestStep != nil
        let model = hasBest ? try Checkpoint(folder.best).model() : trainer.model
        let loss =
            hasBest && recipe.loss == SoftmaxLoss.name
            ? try Checkpoint(folder.best).softmaxLoss(dimension: model.embeddingDimension)
            : trainer.loss as? SoftmaxLoss
        var results = Results(steps: trainer.state.step, bestStep: trainer.state.bestStep)
        for (split, pairs) in [("dev", dev), ("test", test)] {
            do {
                if let evaluator = try pairs.evaluator(loss) {
                    results.add(split, try evaluator.evaluate(model))
                }
            } catch {
                // The model is worth keeping all the same.
                Console.note("\(split): no evaluation: \(error)")
            }
        }
        try progress.finished(results)
        let card = ModelCard(
            model, loss: "\(L.self)", pairs: trainer.pairs.count, configuration: recipe.training,
            results: results.figures, baseModel: baseModel,
            data: URL(filePath: trainer.pairs.name).lastPathComponent)
        try model.write(to: folder.model, modelCard: card.text)
        try folder.write(results.json(), to: "results.json")
        Console.note("model        \(folder.model.path)\ncheckpoints  \(folder.checkpoints.path)")
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

    init(_ scored: String?, _ labelled: String?, _ options: PairFileOptions) throws {
        self.scored = try scored.map { try PairFileArguments.readScored($0, options) }
        self.labelled = try labelled.map { try PairFileArguments.readLabelled($0, options) }
    }

    /// Measures both kinds of pairs, or nil when there are none; the first one's primary figure chooses
    /// the best model.
    func evaluator(_ loss: SoftmaxLoss?) throws -> (any Evaluator)? {
        var all: [any Evaluator] = []
        if let scored { all.append(try EmbeddingSimilarityEvaluator(scored)) }
        if let labelled, let loss { all.append(LabelAccuracyEvaluator(labelled, loss: loss)) }
        return all.isEmpty ? nil : Evaluators(all: all)
    }
}

/// Several evaluators as one.
private struct Evaluators: Evaluator {
    let all: [any Evaluator]

    func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        let parts = try all.map { try $0.evaluate(model) }
        return Evaluation(parts.flatMap(\.figures), primary: parts[0].primaryName)
    }
}
