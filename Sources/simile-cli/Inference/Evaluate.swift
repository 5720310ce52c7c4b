import ArgumentParser
import EvaluationMetrics
import Foundation
import JSON
import Losses
import Simile
import Support

struct Evaluate: Subcommand {
    static let examples = [
        "simile evaluate run --data sts-test.csv",
        "simile evaluate run --kind triplet --data triplets.tsv",
        """
        simile evaluate run --queries queries.jsonl --corpus corpus.jsonl \\
          --relevant qrels.tsv
        """,
        "simile evaluate run/checkpoints/best.h5 --nli nli-test.tsv",
    ]
    static let isShared = true
    static let configuration = CommandConfiguration(
        abstract: "Measures a model on held-out data.",
        discussion: """
            With scored pairs (--data): Spearman and Pearson correlation of four similarities, the model's own \
            first. With labelled pairs (--nli): the accuracy of the classifier that a checkpoint holds. With --queries, \
            --corpus and --relevant: how well documents are found. Other kinds of data (--kind) have figures of \
            their own.
            """, examples: examples)

    /// The kinds that need a table and no classifier.
    private static let kinds = Evaluations.all.filter {
        $0.request != nil && $0.request?.labels != .classes
    }.map { $0.kind }

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Option(help: "A file of scored pairs, or of what --kind measures on.", completion: .file())
    var data: String?
    @Option(
        help:
            "What --data is measured for: \(Self.kinds.joined(separator: ", ")); by default the first.",
        completion: .list(Self.kinds))
    var kind: String?
    @Option(
        help:
            "A file of labelled pairs; MODEL is then a checkpoint of a run with the softmax loss.",
        completion: .file())
    var nli: String?
    @OptionGroup(title: "Retrieval") var retrieval: SettingFlags<RetrievalEvaluation>
    @Option(
        help: "Write the pairs with gold and predicted scores to this CSV file.",
        completion: .file(extensions: ["csv"]))
    var csv: String?
    @OptionGroup var embedding: EmbeddingOptions
    @OptionGroup(title: "Data files") var files: ExampleFileArguments<MainFile>
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if data == nil, nli == nil, retrieval.isEmpty {
            throw ValidationError(
                "give --data FILE, --nli FILE, or --queries, --corpus and --relevant")
        }
        if let kind, !Self.kinds.contains(kind) || data == nil {
            throw ValidationError(
                "--kind is '\(kind)'; expected one of \(Self.kinds.joined(separator: ", ")), with --data FILE"
            )
        }
        if nli != nil, embedding.truncateDim != nil {
            throw ValidationError(
                "--truncate-dim is not for --nli: a classifier takes whole embeddings")
        }
        if csv != nil, data == nil || kind ?? SimilarityEvaluation.kind != SimilarityEvaluation.kind
        {
            throw ValidationError("--csv needs --data FILE with scored pairs")
        }
        if data != nil, nli != nil,
            let key = files.options.stated.first(where: {
                !LabelKind.classes.hasNoUse(for: $0) && !LabelKind.scores.hasNoUse(for: $0)
            })
        {
            throw ValidationError(
                "\(MainFile.flag(key, nil)) describes one file, but --data and --nli are two: evaluate on one after the other"
            )
        }
    }

    func run() throws {
        try compute.prepare()
        let path = try ModelPath.resolve(self.model, withLosses: nli != nil)
        let model = try ModelPath.open(path)
        try embedding.apply(to: model)
        model.processes = Processes.joined
        try Processes.require(same: "model", "\(model.allParameters.valuesHash)")
        var parts: [Evaluation] = []
        if let data {
            if let kind, kind != SimilarityEvaluation.kind {
                parts.append(
                    try evaluate(model, data, try Evaluations.named(kind), files.options))
            } else {
                parts.append(try similarity(model, data))
            }
        }
        if !retrieval.isEmpty {
            let settings = retrieval.applied(to: RetrievalEvaluation())
            if [settings.queries, settings.corpus, settings.relevant].contains(nil) {
                throw ValidationError("give --queries, --corpus and --relevant together")
            }
            let evaluator = try settings.evaluator(nil, name: "")
            parts.append(try evaluator.evaluate(model))
        }
        if let nli {
            var options = files.options
            let losses = try losses(model, path)
            options.labels = try losses.labels(path: self.model)
            parts.append(
                try evaluate(
                    model, nli, LabelAccuracyEvaluation.self, options,
                    losses.compactMapValues { $0.loss as? any Loss }))
        }
        try show(parts.flatMap(\.figures))
        let problems = parts.flatMap(\.problems)
        if parts.contains(where: { $0.primary.isNaN }) {
            throw CommandError.input(problems.joined(separator: "; "))
        }
        for problem in problems { Console.note(problem) }
    }

    private func similarity(_ model: SentenceTransformer, _ path: String) throws -> Evaluation {
        let pairs = try read(path, .scoredPairs, files.options)
        try pairs.requireTokens(of: model.tokenizer)
        let evaluator = try EmbeddingSimilarityEvaluator(pairs)
        let similarities = evaluator.similarities(model)
        let function = model.settings.similarity
        if let csv, Processes.isFirst {
            try write(pairs, similarities[function] ?? [], function, to: csv)
        }
        return evaluator.evaluation(of: similarities, primary: function)
    }

    private func evaluate(
        _ model: SentenceTransformer, _ path: String, _ kind: any EvaluationKind.Type,
        _ options: ExampleFileOptions, _ losses: [String: any Loss] = [:]
    ) throws -> Evaluation {
        let table = try kind.request.map { try read(path, $0, options) }
        return try kind.init().evaluator(table, name: "").evaluate(model, losses: losses)
    }

    private func read(
        _ path: String, _ request: ExampleRequest, _ options: ExampleFileOptions
    ) throws -> ExampleTable {
        do throws(ExampleFileError) {
            let (table, report) = try ExampleFile.read(path, options: options, as: request)
            Console.note(report.description(naming: MainFile.flag))
            return table
        } catch {
            throw CommandError.input(error.description(naming: MainFile.flag))
        }
    }

    private func show(_ figures: [Figure]) throws {
        if json {
            let members = figures.map { ($0.name, JSONValue.number($0.value)) }
            return try Console.json(.sorted(Dictionary(uniqueKeysWithValues: members)))
        }
        try Console.print(figures: figures, width: 20)
    }

    /// The losses of the run, which only a checkpoint has.
    private func losses(_ model: SentenceTransformer, _ path: String) throws -> [String: LossModule]
    {
        if FileManager.default.folderExists(atPath: path) {
            throw CommandError.input(
                "\(self.model): a model's folder has no classifier; give the checkpoint of a run with the softmax loss, such as RUN/checkpoints/best.h5"
            )
        }
        return try Checkpoint(URL(filePath: path)).losses(for: model)
    }

    private func write(
        _ pairs: ExampleTable, _ similarities: [Double], _ function: SimilarityFunction,
        to path: String
    ) throws {
        func quoted(_ field: String?) -> String {
            "\"" + (field ?? "").replacing("\"", with: "\"\"") + "\""
        }
        let gold = Float.values(of: pairs.labels, rows: 0..<pairs.count) ?? []
        var text = "sentence1,sentence2,gold,\(function.rawValue)\n"
        for row in 0..<pairs.count {
            text +=
                "\(quoted(pairs.text(row, 0))),\(quoted(pairs.text(row, 1))),\(gold[row]),\(similarities[row].fixed(6))\n"
        }
        try AtomicFile.write(Data(text.utf8), to: URL(filePath: path))
    }
}

extension [String: LossModule] {
    /// The classes of the only classifier as data files name them; `path` is where it comes from.
    fileprivate func labels(path: String) throws -> LabelSet {
        let classifiers = values.filter { $0.loss is any ClassifyingLoss }
        guard let names = classifiers.first?.context.classNames, classifiers.count == 1 else {
            let found = values.map(\.name).sorted().joined(separator: ", ")
            throw CommandError.input(
                "\(path): trained with the loss \(found.isEmpty ? "none" : found), which has no classifier; give the checkpoint of a run with the softmax loss"
            )
        }
        guard let set = names == LabelSet.inference.names ? .inference : LabelSet(names: names)
        else {
            throw CommandError.input(
                "\(path): the classifier's class names \(names) are not usable")
        }
        return set
    }
}
