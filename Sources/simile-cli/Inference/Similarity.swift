import ArgumentParser
import JSON
import Simile

struct Similarity: Subcommand {
    static let examples = [
        """
        simile similarity run "A man plays a guitar." \\
          "Someone makes music." "It rains."
        """
    ]
    static let configuration = CommandConfiguration(
        abstract: "Prints the similarity of a sentence with others.",
        discussion: """
            The most similar come first. The similarity is the model's own (similarity_fn_name), which is the cosine \
            for most. Larger is more similar: distances are negated.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(help: "The sentence to compare.")
    var sentence: String
    @Argument(help: "The sentences to compare it with.")
    var others: [String]
    @Option(help: "cosine, dot, euclidean or manhattan; by default the model's own.")
    var function: SimilarityFunction?
    @OptionGroup var embedding: EmbeddingOptions
    @Flag(help: "Show the shapes on the way from text to embedding.")
    var explain = false
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        try compute.prepare()
        let model = try ModelPath.open(model)
        try model.requireFinite()
        try embedding.apply(to: model)
        let function = function ?? model.settings.similarity
        let sentences = [sentence] + others
        for (index, sentence) in sentences.enumerated() where model.tokenizer.isEmpty(sentence) {
            Console.note("sentence \(index) is empty: there is no token in it")
        }
        let embeddings = explain ? try explained(model, sentences) : model.encode(sentences)
        let similarities = Self.similarities(function, embeddings)
        guard similarities.allSatisfy(\.isFinite) else {
            throw CommandError.input(
                "\(self.model): a similarity is not a finite number; the model's weights are far too large, as after a training that diverged: use an earlier checkpoint"
            )
        }
        let rows = zip(others, similarities).enumerated()
            .map { (index: $0 + 1, sentence: $1.0, similarity: $1.1) }
            .sorted { ($0.similarity, $1.index) > ($1.similarity, $0.index) }
        if json {
            return try Console.json([
                "sentence": .string(sentence),
                "similarities": .array(
                    rows.map { row -> JSONValue in
                        [
                            "index": .integer(row.index), "sentence": .string(row.sentence),
                            function.rawValue: .number(row.similarity),
                        ]
                    }),
            ])
        }
        try Console.print("\(sentence)\n")
        let figures = rows.map { $0.similarity.fixed(4) }
        let width = max(function.rawValue.count, figures.map(\.count).max() ?? 0)
        func row(_ similarity: String, _ sentence: String) throws {
            try Console.print(
                String(repeating: " ", count: width - similarity.count) + similarity + "  "
                    + sentence)
        }
        try row(function.rawValue, "sentence")
        for (figure, other) in zip(figures, rows) { try row(figure, other.sentence) }
    }

    /// The similarity of the first row with each other one.
    private static func similarities(
        _ function: SimilarityFunction, _ embeddings: Tensor
    ) -> [Double] {
        let width = embeddings.shape[1]
        var similarities: [Double] = []
        embeddings.withSpan { values in
            for row in 1..<embeddings.shape[0] {
                similarities.append(
                    function(
                        values.extracting(0..<width),
                        values.extracting(row * width..<(row + 1) * width)))
            }
        }
        return similarities
    }

    /// The model by its parts, with the shape after each.
    private func explained(_ model: SentenceTransformer, _ sentences: [String]) throws -> Tensor {
        let ids = model.tokenize(sentences)
        let batch = TokenBatch(ids)
        let hidden = model.bert(batch)
        let pooled = model.pooled(hidden, batch.layout)
        let longest = ids.map(\.count).max() ?? 0
        let width = hidden.shape[1]
        Console.note(
            """
            token ids            [\(sentences.count), \(longest)] at most; packed without padding: [\(batch.ids.count)]
            last hidden state    [\(sentences.count), \(longest), \(width)] at most; packed: \(hidden.shape)
            mask counts          \(ids.map(\.count))
            pooled (\(model.pooling.modes.map(\.rawValue).joined(separator: ", ")))        \(pooled.shape)\(Inspect.modules(model))
            """)
        for (sentence, ids) in zip(sentences, ids) {
            Console.note(
                "  \(model.tokenizer.tokens(of: ids).joined(separator: " "))    \(sentence)")
        }
        return model.finished(pooled).slice(0..<model.embeddingDimension, axis: 1)
    }
}

extension SimilarityFunction: ExpressibleByArgument {}
