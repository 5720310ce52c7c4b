import ArgumentParser
import JSON
import Simile

struct Similarity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the similarity of a sentence with others.",
        discussion: """
            The similarity is the model's own (similarity_fn_name), which is the cosine for most. Larger is more \
            similar: distances are negated.
            """)

    @Argument(help: "A model's folder or checkpoint.")
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

    func validate() throws {
        if others.isEmpty { throw ValidationError("give at least one other sentence") }
    }

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
        if json {
            let rows = zip(others, similarities).enumerated().map { index, row -> JSONValue in
                [
                    "index": .integer(index + 1), "sentence": .string(row.0),
                    function.rawValue: .number(row.1),
                ]
            }
            return try Console.json([
                "sentence": .string(sentence), "similarities": .array(rows),
            ])
        }
        let width = others.map(\.count).max() ?? 0
        func row(_ index: String, _ sentence: String, _ similarity: String) throws {
            let indent = String(repeating: " ", count: max(0, 5 - index.count))
            try Console.print("\(indent)\(index)  \(sentence.padded(width))  \(similarity)")
        }
        try row("index", "sentence", function.rawValue)
        try row("0", sentence, "")
        for (index, other) in others.enumerated() {
            try row("\(index + 1)", other, similarities[index].fixed(4))
        }
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
