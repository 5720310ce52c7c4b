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

    /// Describes the result of a run.
    ///
    /// - Parameters:
    ///   - loss: The name of the loss's type, such as `CosineSimilarityLoss`.
    ///   - pairs: How many pairs it was trained on.
    ///   - results: Names and values in the order to show them; a name begins with the split, as in
    ///     `test_spearman_cosine`.
    ///   - before: The values that some of them had before training, by name.
    ///   - baseModel: The name of the model that training began with.
    ///   - data: The name of the file with the training pairs.
    ///   - datasets: Data sets on a hub that the pairs come from.
    public init(
        _ model: SentenceTransformer, loss: String, pairs: Int,
        configuration: TrainingConfiguration, results: [(name: String, value: Double)],
        before: [String: Double] = [:], baseModel: String? = nil, data: String? = nil,
        datasets: [String] = []
    ) {
        var metadata = ModelCardMetadata()
        metadata.tags += ["generated_from_trainer", "dataset_size:\(pairs)", "loss:\(loss)"]
        metadata.baseModel = baseModel
        metadata.datasets = datasets
        metadata.results = results
        text =
            metadata.yaml + Self.description(model, baseModel: baseModel)
            + Self.training(loss, pairs, configuration, data: data) + Self.table(results, before)
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

    private static func training(
        _ loss: String, _ pairs: Int, _ c: TrainingConfiguration, data: String?
    ) -> String {
        let rows = [
            ("loss", loss), ("pairs", "\(pairs)" + (data.map { " of \(code($0))" } ?? "")),
            ("epochs", "\(c.epochs)" + (c.maxSteps.map { ", at most \($0) steps" } ?? "")),
            (
                "pairs in a batch",
                "\(c.batchSize)"
                    + (c.accumulationSteps > 1 ? ", \(c.accumulationSteps) batches a step" : "")
            ),
            ("optimizer", "AdamW, weight decay \(c.weightDecay)"),
            (
                "learning rate",
                "\(c.learningRate), \(c.schedule.rawValue), warm-up over \(percent(c.warmupRatio)) of the steps"
            ),
            ("gradient norm", c.maxGradientNorm > 0 ? "at most \(c.maxGradientNorm)" : "any"),
            ("seed", "\(c.seed)"),
        ]
        return "\n## Training\n\n| | |\n|---|---|\n"
            + rows.map { "| \($0) | \($1) |\n" }.joined()
    }

    private static func table(
        _ results: [(name: String, value: Double)], _ before: [String: Double]
    ) -> String {
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
