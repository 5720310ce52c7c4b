import EvaluationMetrics
import Foundation
import NeuralNetwork

/// The `README.md` of an exported model: what it is, how to use it, how it was trained, what was measured.
public struct ModelCard {
    /// The card in Markdown, with the metadata that model hubs read.
    public let text: String

    /// Describes a model that was not trained here.
    public init(_ model: SentenceTransformer) {
        text = ModelCardMetadata().yaml + Self.description(model, baseModel: nil)
    }

    /// Describes the average of other models; a weight says how much a model counts, by the sum of all.
    public init(_ model: SentenceTransformer, mergedFrom models: [(name: String, weight: Double)]) {
        var metadata = ModelCardMetadata()
        metadata.tags.append("merge")
        let sum = models.reduce(0) { $0 + $1.weight }
        text =
            metadata.yaml + Self.description(model, baseModel: nil)
            + "\n## Merged from\n\nEach weight is the average of those of these models.\n\n| model | share |\n|---|---|\n"
            + models.map {
                "| \(Self.code($0.name)) | \(String(format: "%.4f", $0.weight / sum)) |\n"
            }
            .joined()
    }

    /// How a model came about.
    public struct Training {
        /// The losses' types, such as `CosineSimilarityLoss`, with the rows and the files that each was computed on.
        public var losses: [(type: String, rows: Int, files: [String])]
        /// The hyper-parameters.
        public var configuration: TrainingConfiguration
        /// The optimizer's name, and its settings as JSON.
        public var optimizer: String
        /// The adapters that were trained and are merged; nil where there were none.
        public var adapters: LoRAConfiguration?
        /// The figures of the model, and those before training.
        public var results: [ResultGroup] = []
        /// Values before training by the full name of their figure, such as `test_spearman_cosine`.
        public var before: [String: Double] = [:]
        /// The name of the model that training began with.
        public var baseModel: String?
        /// Data sets on a hub that the rows come from.
        public var datasets: [String] = []

        /// Describes a training.
        public init(
            losses: [(type: String, rows: Int, files: [String])],
            configuration: TrainingConfiguration, optimizer: String = "adamw"
        ) {
            self.losses = losses
            self.configuration = configuration
            self.optimizer = optimizer
        }
    }

    /// The figures that an evaluation gave on a split.
    public struct ResultGroup: Sendable {
        /// `dev` or `test`.
        public let split: String
        /// What a hub calls the task: `semantic-similarity`, `information-retrieval`.
        public let task: String
        /// The figures, whose names do not begin with the split.
        public let figures: [Figure]

        /// Creates a group.
        public init(split: String, task: String, figures: [Figure]) {
            self.split = split
            self.task = task
            self.figures = figures
        }
    }

    /// Describes the result of a run.
    public init(_ model: SentenceTransformer, _ training: Training) {
        let rows = training.losses.reduce(0) { $0 + $1.rows }
        var metadata = ModelCardMetadata()
        metadata.tags += ["generated_from_trainer", "dataset_size:\(rows)"]
        metadata.tags += training.losses.map { "loss:\($0.type)" }
        metadata.baseModel = training.baseModel
        metadata.datasets = training.datasets
        metadata.results = training.results
        text =
            metadata.yaml + Self.description(model, baseModel: training.baseModel)
            + Self.table(training) + Self.table(training.results, training.before)
    }

    private static func description(_ model: SentenceTransformer, baseModel: String?) -> String {
        """

        # Sentence-embedding model

        A sentence of up to \(model.maxSequenceLength) tokens becomes \(model.embeddingDimension) numbers; \
        \(similarity(model)) of two of them says how similar the sentences are.\
        \(baseModel.map { " Fine-tuned from \(code($0))." } ?? "")

        ## Use

        With [sentence-transformers](https://www.sbert.net):

        ```python
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer("path/to/this/folder")
        embeddings = model.encode(["A man plays a guitar.", "Someone makes music."])
        print(model.similarity(embeddings, embeddings))
        ```

        With Simile:

        ```sh
        simile similarity path/to/this/folder "A man plays a guitar." "Someone makes music."
        ```

        ## Architecture

        | | module | |
        |---|---|---|
        \(modules(model).enumerated().map { "| \($0) | \($1.name) | \($1.details) |" }
            .joined(separator: "\n"))

        """
    }

    private static func modules(
        _ model: SentenceTransformer
    ) -> [(name: String, details: String)] {
        let encoder = model.bert.configuration
        var modules = [
            (
                "Transformer",
                "BERT, \(encoder.layerCount) layers of width \(encoder.hiddenSize), \(encoder.headCount) heads, \(encoder.vocabularySize) tokens in the vocabulary"
            ),
            ("Pooling", model.pooling.modes.map(\.rawValue).joined(separator: ", ")),
        ]
        for module in model.modules {
            let details =
                switch module {
                case .dense(let layer):
                    "\(layer.inputs) to \(layer.outputs), \(layer.activation.rawValue)"
                case .normalize: "length 1"
                case .dropout(let probability): "\(probability) in training"
                }
            modules.append((module.kind, details))
        }
        return modules
    }

    private static func similarity(_ model: SentenceTransformer) -> String {
        switch model.settings.similarity {
        case .cosine: "the cosine"
        case .dot: "the dot product"
        case .euclidean: "the negated Euclidean distance"
        case .manhattan: "the negated sum of absolute differences"
        }
    }

    private static func table(_ training: Training) -> String {
        let c = training.configuration
        var rows: [(String, String)] = []
        for loss in training.losses {
            let files = loss.files.joined(separator: ", ")
            rows.append(("loss", loss.type))
            rows.append(("rows", "\(loss.rows)" + (files.isEmpty ? "" : " of \(code(files))")))
        }
        rows += [
            c.maxSteps.map { ("steps", "\($0)") } ?? ("epochs", "\(c.epochs)"),
            (
                "rows in a batch",
                "\(c.batchSize)"
                    + (c.accumulationSteps > 1 ? ", \(c.accumulationSteps) batches a step" : "")
            ),
            ("optimizer", training.optimizer),
        ]
        if let adapters = training.adapters { rows.append(("LoRA, merged", adapters.json)) }
        rows += [
            (
                "learning rate",
                "\(c.learningRate), \(c.schedule.rawValue), warm-up over \(c.warmupSteps.map { "\($0) steps" } ?? "\(percent(c.warmupShare)) of the steps")"
            ),
            (
                "gradient",
                (c.maxGradientValue > 0 ? "numbers up to \(c.maxGradientValue), " : "")
                    + "norm \(c.maxGradientNorm > 0 ? "at most \(c.maxGradientNorm)" : "any")"
            ),
            ("seed", "\(c.seed)"),
        ]
        if c.layerDecay != 1 {
            rows.append(("rate of a layer", "\(c.layerDecay) of the one above"))
        }
        rows += c.learningRates.rates.map { ("rate of \(code($0.pattern))", "\($0.rate)") }
        if let decay = c.emaDecay { rows.append(("weights", "moving average, decay \(decay)")) }
        return "\n## Training\n\n| | |\n|---|---|\n"
            + rows.map { "| \($0) | \($1) |\n" }.joined()
    }

    private static func table(_ groups: [ResultGroup], _ before: [String: Double]) -> String {
        let results = groups.flatMap { group in
            group.figures.map { (name: "\(group.split)_\($0.name)", value: $0.value) }
        }
        if results.isEmpty { return "" }
        func number(_ value: Double?) -> String {
            value.map { $0.isFinite ? String(format: "%.4f", $0) : "undefined" } ?? ""
        }
        let head =
            before.isEmpty
            ? "| figure | value |\n|---|---|\n"
            : "| figure | before training | value |\n|---|---|---|\n"
        return "\n## Results\n\n" + head
            + results.map { name, value in
                let start = before.isEmpty ? "" : " \(number(before[name])) |"
                return "| \(name) |\(start) \(number(value)) |\n"
            }.joined()
    }

    private static func percent(_ share: Double) -> String {
        "\(Float(share * 100)) %"
    }

    /// A name from outside, which may hold anything, as code in a line or in a table.
    private static func code(_ name: String) -> String {
        let plain = name.map { $0.isNewline || "`|".contains($0) ? "_" : $0 }
        return "`\(String(plain))`"
    }
}
