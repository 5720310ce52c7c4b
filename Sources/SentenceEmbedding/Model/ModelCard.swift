import NeuralNetwork

/// The `README.md` of an exported model: what it is, how it was trained, what was measured.
public struct ModelCard {
    /// The card in Markdown, with the metadata that model hubs read.
    public let text: String

    /// Describes a model that was not trained here.
    public init(_ model: SentenceTransformer) {
        text = Self.header(loss: nil) + Self.body(model)
    }

    /// Describes the result of a run; `results` are names and values in the order to show them.
    public init(
        _ model: SentenceTransformer, loss: String, pairs: Int,
        configuration: TrainingConfiguration,
        results: [(name: String, value: Double)]
    ) {
        let c = configuration
        var text = Self.header(loss: loss, pairs: pairs) + Self.body(model)
        text += """

            ## Training

            \(pairs) pairs, \(loss) loss, \(c.epochs) epoch\(c.epochs == 1 ? "" : "s"), batches of \(c.batchSize)\
            \(c.accumulationSteps > 1 ? " x \(c.accumulationSteps)" : ""), AdamW with learning rate \
            \(c.learningRate) (\(c.schedule.rawValue), \(Int(c.warmupRatio * 100)) % warm-up), weight decay \
            \(c.weightDecay), gradient norm at most \(c.maxGradientNorm), seed \(c.seed).

            """
        if !results.isEmpty {
            text += "\n## Results\n\n| figure | value |\n|---|---|\n"
            for (name, value) in results {
                text += "| \(name) | \(Float((value * 10000).rounded() / 10000)) |\n"
            }
        }
        self.text = text
    }

    private static func header(loss: String?, pairs: Int = 0) -> String {
        var tags = ["sentence-transformers", "sentence-similarity", "feature-extraction"]
        if let loss { tags += ["dataset_size:\(pairs)", "loss:\(loss)"] }
        return """
            ---
            library_name: sentence-transformers
            pipeline_tag: sentence-similarity
            tags:
            \(tags.map { "- \($0)" }.joined(separator: "\n"))
            ---

            """
    }

    private static func body(_ model: SentenceTransformer) -> String {
        let modes = model.pooling.modes.map(\.rawValue).joined(separator: ", ")
        return """

            # Sentence-embedding model

            BERT with \(model.bert.configuration.layerCount) layers, \(modes) pooling\
            \(model.normalizes ? ", normalised" : ""): a sentence of up to \(model.maxSequenceLength) tokens becomes \
            \(model.embeddingDimension) numbers; the cosine of two of them says how similar the sentences are.

            ```python
            from sentence_transformers import SentenceTransformer
            embeddings = SentenceTransformer("path/to/this/folder").encode(["A sentence.", "Another one."])
            ```

            """
    }
}
