import ArgumentParser
import Foundation
import JSON
import Simile
import Support

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a model on held-out pairs.",
        discussion: """
            With scored pairs (--data): Spearman and Pearson correlation of four similarities, the model's own \
            first. With labelled \
            pairs (--nli): the accuracy of the classifier that a checkpoint holds.
            """)

    @Argument(help: "A model's folder or checkpoint.")
    var model: String
    @Option(help: "A file of scored pairs.")
    var data: String?
    @Option(
        help: "A file of labelled pairs; MODEL is then a checkpoint of a run with the softmax loss."
    )
    var nli: String?
    @Option(help: "Write the pairs with gold and predicted scores to this CSV file.")
    var csv: String?
    @OptionGroup var prompts: PromptOptions
    @OptionGroup(title: "Pair files") var files: PairFileArguments<MainFile>
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if data == nil && nli == nil {
            throw ValidationError("give --data FILE, --nli FILE, or both")
        }
        if csv != nil && data == nil { throw ValidationError("--csv needs --data FILE") }
        let onlyForOne: [PairFileOptions.Key] = [
            .score, .scoreRange, .decimalComma, .label, .labelOrder,
        ]
        if data != nil, nli != nil,
            let key = files.options.stated.first(where: { !onlyForOne.contains($0) })
        {
            throw ValidationError(
                "\(MainFile.flag(key, nil)) describes one file, but --data and --nli are two: evaluate on one after the other"
            )
        }
    }

    func run() throws {
        try compute.prepare()
        let model = try ModelPath.open(self.model)
        try prompts.apply(to: model)
        var parts: [Evaluation] = []
        if let data {
            let (pairs, _) = try PairFiles.readScored(
                [PairSource(data, files.options)], MainFile.self)
            try pairs.requireTokens(of: model.tokenizer)
            let evaluator = try EmbeddingSimilarityEvaluator(pairs)
            let similarities = evaluator.similarities(model)
            let function = model.settings.similarity
            parts.append(evaluator.evaluation(of: similarities, primary: function))
            if let csv { try write(pairs, similarities[function] ?? [], function, to: csv) }
        }
        if let nli {
            let loss = try classifier(model)
            var options = files.options
            options.labels = try loss.labels(path: self.model)
            let (pairs, _) = try PairFiles.readLabelled(
                [PairSource(nli, options)], MainFile.self)
            parts.append(try LabelAccuracyEvaluator(pairs, loss: loss).evaluate(model))
        }
        try show(parts.flatMap(\.figures))
        let problems = parts.flatMap(\.problems)
        if parts.contains(where: { $0.primary.isNaN }) {
            throw CommandError.input(problems.joined(separator: "; "))
        }
        for problem in problems { Console.note(problem) }
    }

    private func show(_ figures: [(name: String, value: Double)]) throws {
        if json {
            let members = figures.map { ($0.name, JSONValue.number($0.value)) }
            return try Console.json(.sorted(Dictionary(uniqueKeysWithValues: members)))
        }
        for (name, value) in figures {
            try Console.print(name.padded(20) + value.figure)
        }
    }

    /// The classifier, which only a checkpoint has.
    private func classifier(_ model: SentenceTransformer) throws -> SoftmaxLoss {
        let path = try ModelPath.resolve(self.model)
        if FileManager.default.folderExists(atPath: path) {
            throw CommandError.input(
                "\(self.model): a model's folder has no classifier; give the checkpoint of a run with the softmax loss, such as RUN/checkpoints/best.h5"
            )
        }
        return try Checkpoint(URL(filePath: path)).softmaxLoss(dimension: model.embeddingDimension)
    }

    private func write(
        _ pairs: PairDataset<Float>, _ similarities: [Double], _ function: SimilarityFunction,
        to path: String
    ) throws {
        func quoted(_ field: String) -> String {
            "\"" + field.replacing("\"", with: "\"\"") + "\""
        }
        var text = "sentence1,sentence2,gold,\(function.rawValue)\n"
        for (pair, similarity) in zip(pairs, similarities) {
            text +=
                "\(quoted(pair.first)),\(quoted(pair.second)),\(pair.label),\(similarity.fixed(6))\n"
        }
        try AtomicFile.write(Data(text.utf8), to: URL(filePath: path))
    }
}

extension SoftmaxLoss {
    /// The classes as pair files name them; `path` is where the classifier comes from.
    func labels(path: String) throws -> LabelSet {
        guard
            let set = labelNames == LabelSet.inference.names
                ? .inference : LabelSet(names: labelNames)
        else {
            throw CommandError.input(
                "\(path): the classifier's class names \(labelNames) are not usable")
        }
        return set
    }
}
