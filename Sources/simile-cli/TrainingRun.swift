import ArgumentParser
import Foundation
import Kernels
import Simile

/// A run of `train`: files in, trainer, files out.
struct TrainingRun {
    private let recipe: Recipe
    private let folder: RunFolder
    private let checkpoint: Checkpoint?

    /// A new run; the output folder must be new or empty.
    init(recipe: Recipe, output: String) throws {
        self.recipe = recipe
        guard [CosineSimilarityLoss.name, SoftmaxLoss.name].contains(recipe.loss) else {
            throw CommandError.input(
                "loss is '\(recipe.loss)'; expected cosine (scored pairs) or softmax (labelled pairs)"
            )
        }
        for (key, value) in [("model", recipe.model), ("train", recipe.train)] where value == nil {
            throw CommandError.input("no \(key) is given: add --\(key), or '\(key):' to the recipe")
        }
        if recipe.loss == CosineSimilarityLoss.name, recipe.devNLI ?? recipe.testNLI != nil {
            throw CommandError.input(
                "dev_nli and test_nli measure the classifier of the softmax loss; with the cosine loss give dev and test"
            )
        }
        try recipe.training.validate()
        folder = RunFolder(output)
        checkpoint = nil
    }

    /// A run that goes on from its latest checkpoint.
    init(resuming output: String) throws {
        folder = RunFolder(output)
        let latest = try folder.latestCheckpoint()
        recipe = try JSONDecoder().decode(Recipe.self, from: Data(latest.recipe().utf8))
        checkpoint = latest
    }

    func execute(_ progress: Progress) throws {
        guard let modelPath = recipe.model, let trainPath = recipe.train else { return }
        let model =
            try checkpoint?.model() ?? SentenceTransformer(path: ModelPath.resolve(modelPath))
        if let length = recipe.maxSequenceLength {
            guard (3...model.bert.configuration.maxPositionEmbeddings).contains(length) else {
                throw CommandError.input(
                    "max_seq_length is \(length); expected 3...\(model.bert.configuration.maxPositionEmbeddings), the positions the model has"
                )
            }
            model.maxSequenceLength = length
        }
        for prefix in recipe.freeze {
            let frozen = model.parameters.freeze { $0.hasPrefix(prefix) }
            guard !frozen.isEmpty else {
                throw CommandError.input(
                    "freeze: no whole parameter has a name that begins with '\(prefix)'; 'simile inspect MODEL --parameters' lists the names"
                )
            }
            Console.note("frozen: \(frozen.count) arrays beginning with \(prefix)")
        }
        if recipe.loss == SoftmaxLoss.name {
            let loss =
                try checkpoint?.softmaxLoss(dimension: model.embeddingDimension)
                ?? SoftmaxLoss(
                    dimension: model.embeddingDimension, labels: recipe.data.labels.names,
                    source: .random(seed: recipe.training.seed))
            let pairs = try PairFileArguments.readLabelled(trainPath, recipe.data)
            try train(model, loss, pairs, progress) { try labelled($0, loss) }
        } else {
            let pairs = try PairFileArguments.readScored(trainPath, recipe.data)
            try train(model, CosineSimilarityLoss(), pairs, progress) { _ in nil }
        }
    }

    private func train<L: Loss>(
        _ model: SentenceTransformer, _ loss: L, _ pairs: PairDataset<L.Label>,
        _ progress: Progress,
        classifier: (String?) throws -> (any Evaluator)?
    ) throws {
        // Everything is read and checked before the first step, and before anything is written.
        let dev = Evaluators([try scored(recipe.dev), try classifier(recipe.devNLI)])
        let test = Evaluators([try scored(recipe.test), try classifier(recipe.testNLI)])
        let trainer = try Trainer(
            model: model, loss: loss, pairs: pairs, configuration: recipe.training)
        if let checkpoint {
            try checkpoint.restore(trainer)
            Console.note("\(checkpoint.path): going on after step \(trainer.state.step)")
            let (before, threads) = (try checkpoint.threads(), ThreadPool.shared.count)
            if before != threads {
                Console.note(
                    "the run had \(before) threads and goes on with \(threads): its last bits may differ (--threads \(before) avoids that)"
                )
            }
        } else {
            try folder.create()
            try folder.write(recipe.yaml(), to: "recipe.yaml")
        }
        let recipeJSON = String(decoding: try JSONEncoder().encode(recipe), as: UTF8.self)
        let log = try RunLog(folder, from: trainer.state.step)

        if checkpoint == nil, let dev {
            progress.evaluated("before training, dev", try dev.evaluate(model))
        }
        Interruption.install()
        let outcome = try trainer.run(
            evaluator: dev,
            save: { isBest in
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
        try log.close()
        if outcome == .stopped {
            Console.note(
                "stopped after step \(trainer.state.step); go on with: simile train --resume \(folder.path)"
            )
            throw ExitCode(130)
        }

        let best = dev != nil && FileManager.default.fileExists(atPath: folder.best.path)
        let final = best ? try Checkpoint(folder.best).model() : model
        var results = Results(
            recipe: recipe, steps: trainer.state.step, bestStep: best ? trainer.state.bestStep : nil
        )
        if let dev { results.add("dev", try dev.evaluate(final)) }
        if let test {
            // The classifier of the best step is in its checkpoint, not in the trainer any more.
            results.add("test", try (best ? try rebuilt(test, final) : test).evaluate(final))
        }
        progress.finished(results)
        let card = ModelCard(
            final, loss: "\(L.self)", pairs: pairs.count, configuration: recipe.training,
            results: results.figures, baseModel: baseModel,
            data: URL(filePath: pairs.name).lastPathComponent)
        try final.write(to: folder.model, modelCard: card.text)
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

    /// The final evaluation with the classifier of the best checkpoint.
    private func rebuilt(_ test: Evaluators, _ model: SentenceTransformer) throws -> Evaluators {
        guard recipe.loss == SoftmaxLoss.name, recipe.testNLI != nil else { return test }
        let loss = try Checkpoint(folder.best).softmaxLoss(dimension: model.embeddingDimension)
        return Evaluators([try scored(recipe.test), try labelled(recipe.testNLI, loss)]) ?? test
    }

    private func scored(_ path: String?) throws -> (any Evaluator)? {
        guard let path else { return nil }
        return EmbeddingSimilarityEvaluator(try PairFileArguments.readScored(path, recipe.data))
    }

    private func labelled(_ path: String?, _ loss: SoftmaxLoss) throws -> (any Evaluator)? {
        guard let path else { return nil }
        let pairs = try PairFileArguments.readLabelled(path, recipe.data)
        return LabelAccuracyEvaluator(pairs, loss: loss)
    }
}

/// Several evaluators as one; the first one's primary figure chooses the best model.
struct Evaluators: Evaluator {
    private let all: [any Evaluator]

    init?(_ evaluators: [(any Evaluator)?]) {
        all = evaluators.compactMap(\.self)
        if all.isEmpty { return nil }
    }

    func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        let parts = try all.map { try $0.evaluate(model) }
        return Evaluation(parts.flatMap(\.figures), primary: parts[0].primaryName)
    }
}
